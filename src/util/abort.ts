import { clearTimeout, setTimeout } from 'node:timers';
/** How long a timer waits after it fired. If the process was suspended, an answer may have arrived that has to be read first. */
const LATE_ANSWER_MS = 100;

/** No answer came within a time limit. */
export class SilenceError extends Error {
  override readonly name = 'SilenceError';
  readonly limitMs: number;

  constructor(limitMs: number) {
    super(`no answer for ${limitText(limitMs)}`);
    this.limitMs = limitMs;
  }
}

/** A time limit in the words of an error message. */
export function limitText(ms: number): string {
  return ms < 1000 ? `${String(ms)} ms` : `${String(Math.round(ms / 100) / 10)} s`;
}

/** Calls back after `ms` milliseconds in which this process could have received an answer. Returns how to stop it. */
export function afterSilence(ms: number, callBack: () => void): () => void {
  let timer = setTimeout(() => (timer = setTimeout(callBack, LATE_ANSWER_MS)), Math.min(ms, LONGEST_TIMER_MS));
  return () => {
    clearTimeout(timer);
  };
}

/** A signal that aborts after `ms` milliseconds, which does not keep the process alive. */
export function abortAfter(ms: number): AbortSignal {
  const controller = new AbortController();
  setTimeout(() => controller.abort(new DOMException('the time is over', 'TimeoutError')), ms).unref();
  return controller.signal;
}

/** A timer with a longer delay would fire at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

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
 * The outcome of `work`, or an error as soon as `signal` aborts or the limit has passed. The work is not stopped: it continues
 * in the background, and its outcome is ignored.
 */
export async function untilAborted<T>(
  work: Promise<T>,
  signal: AbortSignal | undefined,
  { graceMs = 0, limitMs = Infinity, errorOf = (reason) => reason as Error }: Patience = {},
): Promise<T> {
  if (signal === undefined && limitMs === Infinity) return await work;
  const timers: NodeJS.Timeout[] = [];
  let onAbort: (() => void) | undefined;
  let stop: (() => void) | undefined;
  const givenUp = new Promise<never>((_, reject) => {
    const giveUp = (reason: unknown): void => reject(errorOf(reason));
    onAbort = () => {
      if (graceMs === 0) giveUp(signal?.reason);
      else timers.push(setTimeout(giveUp, graceMs, signal?.reason));
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) onAbort();
    if (limitMs !== Infinity) stop = afterSilence(limitMs, () => giveUp(new SilenceError(limitMs)));
  });
  try {
    return await Promise.race([work, givenUp]);
  } finally {
    timers.forEach(clearTimeout);
    stop?.();
    if (onAbort) signal?.removeEventListener('abort', onAbort);
  }
}

/**
 * The items of `source`, each awaited as `untilAborted` does. When a wait ends early, the source is closed in the background:
 * it may hang.
 */
export async function* eachUntilAborted<T>(
  source: AsyncGenerator<T>,
  signal: AbortSignal | undefined,
  patience?: Patience,
): AsyncGenerator<T> {
  let isOver = false;
  try {
    for (;;) {
      const next = await untilAborted(source.next(), signal, patience).catch((error: unknown) => {
        isOver = true;
        void source.return(undefined).catch(() => undefined);
        throw error;
      });
      isOver = next.done === true;
      if (next.done) return;
      yield next.value;
    }
  } finally {
    if (!isOver) await source.return(undefined);
  }
}
