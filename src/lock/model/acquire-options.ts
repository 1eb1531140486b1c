import { durationMs, type Duration } from '../../util/duration.js';
import { BOOLEAN, DURATION, SIGNAL, type OptionKinds } from '../../util/option-check.js';

/** How to wait for a lock. */
export interface AcquireOptions {
  /**
   * How long to wait while somebody else holds the lock, in milliseconds or as a duration string: 0 fails at once, Infinity waits
   * for ever.
   *
   * @default '1m'
   */
  readonly wait?: Duration | undefined;
  /**
   * How long to pause at most before a lock that somebody else holds is read again, in milliseconds or as a duration string; the
   * pauses are random, and at least half of it. More saves requests, less takes a free lock sooner. On a local disk a release is
   * noticed at once anyhow.
   *
   * @default 5s on S3 and Google Cloud Storage, 1s on SFTP and on disks, 100ms in memory; less as the lease of the holder ends
   */
  readonly poll?: Duration | undefined;
  /**
   * Leave a mark in the folder `.vfs-lockfile-waiters` beside the lock once the wait is longer than `poll`, so that `inspect` and
   * `list` with `waiters`, and the commands `ls` and `status`, show who waits. It is removed at the end of the wait, and never
   * delays or fails the lock. On SFTP it needs OpenSSH, and a folder that only one user writes to.
   *
   * @default false
   */
  readonly announce?: boolean | undefined;
  /**
   * Ends the wait when it aborts: the acquisition rejects with the signal's reason. A lock that is held is not affected.
   *
   * @default none
   */
  readonly signal?: AbortSignal | undefined;
}

/** `AcquireOptions`, checked and with every default filled in. */
export interface ResolvedAcquireOptions {
  readonly waitMs: number;
  /** The longest pause between two reads. Undefined: as the store has it. */
  readonly pollMs?: number | undefined;
  /** Leave a mark that others see. */
  readonly announce?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

export const ACQUIRE_OPTIONS: OptionKinds<AcquireOptions> = {
  ...{ wait: DURATION, poll: DURATION, announce: BOOLEAN, signal: SIGNAL },
};

/** Throws the reason of a signal that has aborted. */
export function resolveAcquireOptions(options: AcquireOptions): ResolvedAcquireOptions {
  return {
    waitMs: resolveWait(options),
    pollMs: resolvePoll(options),
    announce: options.announce,
    signal: resolveSignal(options),
  };
}

/** Milliseconds to wait for a lock. */
export function resolveWait({ wait = '1m' }: AcquireOptions): number {
  return durationMs(wait, 'wait', { zero: true, infinity: true });
}

/** The longest pause between two reads, in milliseconds. Undefined: as the store has it. */
export function resolvePoll({ poll }: AcquireOptions): number | undefined {
  return poll === undefined ? undefined : durationMs(poll, 'poll', {});
}

/** The signal of a call. Throws the reason of one that has aborted. */
export function resolveSignal({ signal }: AcquireOptions): AbortSignal | undefined {
  signal?.throwIfAborted();
  return signal;
}
