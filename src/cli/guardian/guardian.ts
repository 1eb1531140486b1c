import type { Order, Report } from './messages.js';
import { GuardedCommand } from './guarded-command.js';

const DEAF_TO: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'];

/**
 * The life of the process that starts the command and outlives it: it ends the command's group when it is told to, when the
 * lock's deadline comes near, and when whoever started it is gone. The lock names this process as its holder, so nobody takes
 * the holder for dead while the command can still run.
 */
export function guard(): void {
  // Also keeps it out of the way of `killall node`.
  process.title = 'vfs-lockfile guardian';
  for (const signal of DEAF_TO) process.on(signal, () => undefined);
  let ward: GuardedCommand | undefined;
  const tell = (report: Report): void => {
    if (process.connected) process.send?.(report, undefined, undefined, () => undefined);
    else if (report.report !== 'started') process.exit();
  };
  process.on('message', (message) => {
    const order = message as Order;
    if (order.order === 'start') ward = new GuardedCommand(order.job, tell);
    else if (order.order === 'extend') ward?.extend(order.deadline);
    else if (order.order === 'signal') ward?.signal(order.signal);
    else ward?.end('demand');
  });
  process.on('disconnect', () => {
    if (ward === undefined || ward.over) process.exit();
    ward.end('demand');
  });
}
