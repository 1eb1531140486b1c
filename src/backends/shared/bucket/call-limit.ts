import { afterSilence, SilenceError, untilAborted } from '../../../util/abort.js';
import { RequestFailure } from './errors.js';

/** How long a call whose time is up waits for its request to end, so as to learn whether anything was sent. */
const ENDING_MS = 200;

/** A call that ended because its time was up. `cause` is what its request failed with then. */
export class CallTimeout extends Error {
  override readonly name = 'CallTimeout';
  readonly limitMs: number;

  constructor(limitMs: number, cause: unknown) {
    super('the call took too long', { cause });
    this.limitMs = limitMs;
  }
}

/**
 * Runs `work` with a signal that aborts with the caller's, and after `limitMs` milliseconds. Settles then, also where `work` does
 * not: rejects with `CallTimeout` after the limit.
 */
export async function withinLimit<T>(
  limitMs: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal | undefined) => Promise<T>,
): Promise<T> {
  if (limitMs === Infinity && signal === undefined) return await work(undefined);
  const ending = new AbortController();
  const onAbort = (): void => ending.abort(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted) onAbort();
  const silence = new SilenceError(limitMs);
  const stop = limitMs === Infinity ? undefined : afterSilence(limitMs, () => ending.abort(silence));
  const errorOf = (reason: unknown): Error => new RequestFailure(reason, { effect: 'unknown' });
  try {
    return await untilAborted(work(ending.signal), ending.signal, { graceMs: ENDING_MS, errorOf });
  } catch (error) {
    throw ending.signal.reason === silence ? new CallTimeout(limitMs, error) : error;
  } finally {
    stop?.();
    signal?.removeEventListener('abort', onAbort);
  }
}
