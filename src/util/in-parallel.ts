import { LockOptionError } from './option-error.js';

const MOST_AT_ONCE = 1000;

/**
 * The results of `work` for each item, in the order in which they are ready. At most `limit` items are in work or waiting to be
 * taken, so memory stays bounded however long the source is. Work that has begun is finished before the iteration ends, also when
 * the caller leaves it early.
 */
export async function* inParallel<T, R>(
  source: AsyncIterable<T>,
  limit: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const items = source[Symbol.asyncIterator]();
  const workers = new Workers(items, limit, work);
  try {
    for (;;) {
      workers.refill();
      const [done] = workers.done.splice(0, 1);
      if (done) yield done.result;
      else if (workers.idle) break;
      else await workers.progress();
    }
  } finally {
    await workers.settled();
    await items.return?.();
  }
  if (workers.failure) throw workers.failure.error;
}

/** The item that is being read, those in work, and the results that nobody has taken yet. */
class Workers<T, R> {
  readonly done: { readonly result: R }[] = [];
  readonly #items: AsyncIterator<T>;
  readonly #limit: number;
  readonly #work: (item: T) => Promise<R>;
  readonly #working = new Set<Promise<void>>();
  #reading: Promise<void> | undefined;
  #ended = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(items: AsyncIterator<T>, limit: number, work: (item: T) => Promise<R>) {
    this.#items = items;
    this.#limit = limit;
    this.#work = work;
  }

  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  get idle(): boolean {
    return this.#reading === undefined && this.#working.size === 0;
  }

  refill(): void {
    if (this.#ended || this.done.length + this.#working.size >= this.#limit) return;
    this.#reading ??= this.#read().finally(() => (this.#reading = undefined));
  }

  progress(): Promise<unknown> {
    return Promise.race([...this.#working, this.#reading].filter((each) => each !== undefined));
  }

  settled(): Promise<unknown> {
    return Promise.all(this.#working);
  }

  async #read(): Promise<void> {
    try {
      const next = await this.#items.next();
      if (next.done) this.#ended = true;
      else this.#begin(next.value);
    } catch (error) {
      this.#fail(error);
    }
  }

  #begin(item: T): void {
    const job = this.#work(item)
      .then(
        (result) => void this.done.push({ result }),
        (error: unknown) => this.#fail(error),
      )
      .finally(() => this.#working.delete(job));
    this.#working.add(job);
  }

  #fail(error: unknown): void {
    this.#ended = true;
    this.#failure ??= { error };
  }
}

export function concurrencyOf({ concurrency = 16 }: { readonly concurrency?: number | undefined }): number {
  if (Number.isInteger(concurrency) && concurrency >= 1 && concurrency <= MOST_AT_ONCE) return concurrency;
  throw new LockOptionError(
    `concurrency must be a whole number from 1 to ${String(MOST_AT_ONCE)}, not ${String(concurrency)}`,
  );
}
