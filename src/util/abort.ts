/** How long to wait for work, and what to say when the wait is over. */
export interface Patience {
  /** Work that is still under way this many milliseconds after the abort is left alone. Default: none, at once. */
  readonly graceMs?: number;
  /** The wait ends after this many milliseconds even without an abort. Default: Infinity. */
  readonly limitMs?: number;
  /** Makes the error of the signal's reason, or of the limit. Default: that reason itself. */
  readonly errorOf?: (reason: unknown) => Error;
}

/**
 * The outcome of `work`, or an error as soon as `signal` aborts or the limit has passed. The work is not stopped: it goes on
 * alone, and nobody sees its outcome.
 */
export async function untilAborted<T>(
  work: Promise<T>,
  signal: AbortSignal | undefined,
  { graceMs = 0, limitMs = Infinity, errorOf = (reason) => reason as Error }: Patience = {},
): Promise<T> {
  if (signal === undefined && limitMs === Infinity) return await work;
  const timers: NodeJS.Timeout[] = [];
  let onAbort: (() => void) | undefined;
  const givenUp = new Promise<never>((_, reject) => {
    const giveUp = (reason: unknown): void => reject(errorOf(reason));
    onAbort = () => {
      if (graceMs === 0) giveUp(signal?.reason);
      else timers.push(setTimeout(giveUp, graceMs, signal?.reason));
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) onAbort();
    const silence = new Error(`no answer in ${String(limitMs)} ms`);
    if (limitMs !== Infinity) timers.push(setTimeout(giveUp, limitMs, silence));
  });
  try {
    return await Promise.race([work, givenUp]);
  } finally {
    timers.forEach(clearTimeout);
    if (onAbort) signal?.removeEventListener('abort', onAbort);
  }
}
