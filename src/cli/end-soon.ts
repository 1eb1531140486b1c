import { signalOf } from './signals.js';

/** How long requests that are still under way when the command is over may take to end. */
const SPARE_MS = 300;

/**
 * Ends this process soon although requests to a store that hangs are still under way: they would keep it alive until they are
 * answered. Where nothing is under way, the process ends by itself before that. After a success nothing hangs, and whatever is
 * still being closed may take its time.
 */
export function endSoon(exitCode: number): void {
  if (exitCode === 0) return;
  setTimeout(() => end(exitCode), SPARE_MS).unref();
}

function end(exitCode: number): void {
  // `exit` waits for the thread pool, for ever where a disk hangs. A signal does not.
  if (process.getActiveResourcesInfo().some((name) => name.startsWith('FSReq'))) {
    process.kill(process.pid, signalOf(exitCode) ?? 'SIGKILL');
  } else {
    process.exit(exitCode);
  }
}
