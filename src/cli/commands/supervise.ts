import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import type { Lockfile } from '../../lock/lockfile.js';
import { LONGEST_TIMER_MS } from '../../util/abort.js';
import type { GuardianLink, Refused } from '../guardian/link.js';
import type { Ended, Job } from '../guardian/messages.js';
import type { Signals } from '../signals.js';

const RENEWED = 'vfs-lockfile:renew';

/** Only a command that runs for longer than this is worth a write that says which processes it is. */
const SHORT_RUN_MS = 250;

/** Has the guardian run the job while the lock is held. Resolves when no process of the job is left. */
export async function supervise(
  lock: Lockfile,
  guardian: GuardianLink,
  signals: Signals,
  job: Job,
  maxHoldMs: number,
): Promise<(Ended & { readonly tooLong: boolean }) | Refused> {
  const lastResort = new LastResort(lock, guardian, job.marginMs / 2);
  const extend = (): void => {
    guardian.extend(lock.remainingMs);
    lastResort.arm();
  };
  const end = (): void => guardian.end();
  const stopWatching = watchLock(lock);
  subscribe(RENEWED, extend);
  lock.signal.addEventListener('abort', end, { once: true });
  const timers = new Timers(maxHoldMs, end);
  try {
    const ended = guardian.start(job, (group) => timers.start(() => nameProcesses(lock, group)));
    signals.forwardTo((signal) => forward(guardian, signal));
    lastResort.arm();
    if (lock.signal.aborted) end();
    const outcome = await ended;
    return outcome.report === 'refused' ? outcome : { ...outcome, tooLong: timers.tooLong };
  } finally {
    timers.clear();
    lock.signal.removeEventListener('abort', end);
    unsubscribe(RENEWED, extend);
    stopWatching();
    lastResort.disarm();
  }
}

/** What is due when COMMAND has run for some time. */
class Timers {
  readonly #maxHoldMs: number;
  readonly #end: () => void;
  #naming: NodeJS.Timeout | undefined;
  #limit: NodeJS.Timeout | undefined;
  #tooLong = false;

  constructor(maxHoldMs: number, end: () => void) {
    this.#maxHoldMs = maxHoldMs;
    this.#end = end;
  }

  /** Whether COMMAND was ended because it ran for longer than `--max-hold`. */
  get tooLong(): boolean {
    return this.#tooLong;
  }

  start(nameProcesses: () => void): void {
    this.#naming = setTimeout(nameProcesses, SHORT_RUN_MS);
    if (this.#maxHoldMs > LONGEST_TIMER_MS) return;
    this.#limit = setTimeout(() => {
      this.#tooLong = true;
      this.#end();
    }, this.#maxHoldMs);
  }

  clear(): void {
    clearTimeout(this.#naming);
    clearTimeout(this.#limit);
  }
}

/**
 * Until here only the lease ended the lock, as COMMAND would run on if this process and the guardian were killed together. From here
 * on the lock is stale at once when the guardian and every process of COMMAND's group have ended.
 */
function nameProcesses(lock: Lockfile, processGroup: number): void {
  // The next renewal writes it otherwise, and whether the lock is lost is found out elsewhere.
  lock.renew({ processGroup }).catch(() => undefined);
}

/** Ends the group without the guardian, in case that one is stopped or hangs. */
class LastResort {
  readonly #lock: Lockfile;
  readonly #guardian: GuardianLink;
  readonly #beforeMs: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(lock: Lockfile, guardian: GuardianLink, beforeMs: number) {
    this.#lock = lock;
    this.#guardian = guardian;
    this.#beforeMs = beforeMs;
  }

  arm(): void {
    this.disarm();
    const dueMs = this.#lock.remainingMs - this.#beforeMs;
    if (dueMs > LONGEST_TIMER_MS) return;
    this.#timer = setTimeout(() => void this.#guardian.overrule(), dueMs);
  }

  disarm(): void {
    clearTimeout(this.#timer);
  }
}

/** Notices at once that somebody took the lock, if the store can watch a file; otherwise the next renewal notices. */
function watchLock(lock: Lockfile): () => void {
  const { vfs, path } = lock.file.resolve(lock.path);
  const check = async (): Promise<void> => {
    const found = await lock.metadata();
    if (lock.held && found?.lockId !== lock.record?.lockId) await lock.renew();
  };
  let stop: (() => void) | undefined;
  const watch = (): void => {
    stop = vfs.watch?.(path, () => {
      watch();
      // A check that fails is not a loss; the next renewal decides.
      void check().catch(() => undefined);
    });
  };
  watch();
  return () => stop?.();
}

/** A terminal cannot stop a group in another session, so the group is stopped by the signal that no process can ignore. */
function forward(guardian: GuardianLink, signal: NodeJS.Signals): void {
  if (signal !== 'SIGTSTP') guardian.signal(signal);
  else guardian.signal('SIGSTOP', () => process.kill(process.pid, 'SIGSTOP'));
}
