import type { Order, Report } from './messages.js';
import { GuardedCommand } from './guarded-command.js';

const IGNORED: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'];

/**
 * The main function of the guardian process, which starts the command and outlives it. The guardian ends the command's group
 * on demand, when the deadline of the lock is near, and when its parent process is gone. The lock names the guardian as its
 * holder, so nobody considers the holder dead while the command may still run.
 */
export function guard(): void {
  // So that `killall node` does not match it.
  process.title = 'vfs-lockfile guardian';
  for (const signal of IGNORED) process.on(signal, () => undefined);
  let guarded: GuardedCommand | undefined;
  const send = (report: Report): void => {
    if (process.connected) process.send?.(report, undefined, undefined, () => undefined);
    else if (report.report !== 'started') process.exit();
  };
  process.on('message', (message) => {
    const order = message as Order;
    if (order.order === 'start') guarded = new GuardedCommand(order.job, send);
    else if (order.order === 'extend') guarded?.extend(order.deadline);
    else if (order.order === 'signal') guarded?.signal(order.signal);
    else guarded?.end('demand');
  });
  process.on('disconnect', () => {
    if (guarded === undefined || guarded.isOver) process.exit();
    guarded.end('demand');
  });
}
