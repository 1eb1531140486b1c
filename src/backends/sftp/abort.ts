/** How long work that was under way when its caller gave up may take to come to an end of its own. */
const ENDING_MS = 2000;

/**
 * The outcome of work. When its signal aborts, work that stops by itself is waited for a little, since it knows what it has
 * done; of what hangs nothing is known, and it goes on alone.
 */
export async function patiently<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await work;
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  const givenUp = new Promise<never>((_, reject) => {
    onAbort = () => {
      timer = setTimeout(() => reject(new UnfinishedError(signal.reason)), ENDING_MS);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
  try {
    return await Promise.race([work, givenUp]);
  } finally {
    clearTimeout(timer);
    if (onAbort) signal.removeEventListener('abort', onAbort);
  }
}

/** The caller gave up while an answer was outstanding. */
export class UnfinishedError extends Error {
  override readonly name = 'UnfinishedError';

  constructor(cause: unknown) {
    super('given up while an answer was outstanding', { cause });
  }
}
