import { clearTimeout, setTimeout } from 'node:timers';
import type { LockView } from './view.js';

/** What subscribers of the feed get. */
export type FeedEvent =
  | { readonly type: 'snapshot'; readonly locks: readonly LockView[] }
  | { readonly type: 'lock'; readonly lock: LockView }
  | { readonly type: 'gone'; readonly name: string }
  | { readonly type: 'store'; readonly ok: boolean };

type Subscriber = (event: FeedEvent) => void;

/** Between two readings of the store, in milliseconds. */
const PAUSE_MS = 1000;
/** After a change by this service the store is read so soon, in milliseconds. */
const SOON_MS = 20;

/** Reads the store again and again while anybody is subscribed, and passes on what changed. */
export class Feed {
  readonly #read: () => Promise<readonly LockView[]>;
  readonly #subscribers = new Set<Subscriber>();
  #known: ReadonlyMap<string, LockView> | undefined;
  #isOk = true;
  #timer: NodeJS.Timeout | undefined;
  #reading = false;
  #soon = false;

  constructor(read: () => Promise<readonly LockView[]>) {
    this.#read = read;
  }

  /** Calls `subscriber` with everything that is known, and then with each change. Returns what ends this. */
  subscribe(subscriber: Subscriber): () => void {
    this.#subscribers.add(subscriber);
    if (this.#known) subscriber({ type: 'snapshot', locks: [...this.#known.values()] });
    if (!this.#isOk) subscriber({ type: 'store', ok: false });
    if (this.#subscribers.size === 1) this.#schedule(0);
    return () => {
      this.#subscribers.delete(subscriber);
      if (this.#subscribers.size > 0) return;
      clearTimeout(this.#timer);
      this.#known = undefined;
      this.#isOk = true;
    };
  }

  /** Something has changed: reads the store soon. */
  poke(): void {
    this.#soon = true;
    if (this.#subscribers.size > 0 && !this.#reading) this.#schedule(SOON_MS);
  }

  #schedule(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#refresh(), ms);
    this.#timer.unref();
  }

  async #refresh(): Promise<void> {
    if (this.#reading) return;
    this.#reading = true;
    this.#soon = false;
    try {
      this.#publish(await this.#read());
    } catch {
      // The error itself may name what subscribers may not see.
      this.#setOk(false);
    } finally {
      this.#reading = false;
      if (this.#subscribers.size > 0) this.#schedule(this.#nextMs);
    }
  }

  get #nextMs(): number {
    return this.#soon ? SOON_MS : PAUSE_MS;
  }

  #publish(locks: readonly LockView[]): void {
    if (this.#subscribers.size === 0) return;
    const before = this.#known;
    this.#known = new Map(locks.map((lock) => [lock.name, lock]));
    this.#setOk(true);
    if (before === undefined) {
      this.#send({ type: 'snapshot', locks });
      return;
    }
    for (const lock of locks) if (isNews(before.get(lock.name), lock)) this.#send({ type: 'lock', lock });
    for (const name of before.keys()) if (!this.#known.has(name)) this.#send({ type: 'gone', name });
  }

  #setOk(ok: boolean): void {
    if (ok === this.#isOk) return;
    this.#isOk = ok;
    this.#send({ type: 'store', ok });
  }

  #send(event: FeedEvent): void {
    for (const subscriber of this.#subscribers) subscriber(event);
  }
}

/** Whether a lock is another than before, apart from the time that passes. */
function isNews(before: LockView | undefined, now: LockView): boolean {
  if (before === undefined) return true;
  const isRewritten = (now.idleMs ?? 0) < (before.idleMs ?? 0);
  const what = ({ state, id, renewals, owner, waiters, progress }: LockView): string =>
    JSON.stringify([state, id, renewals, owner, waiters, progress?.quiet]);
  return isRewritten || what(before) !== what(now);
}
