/** A map of what was set last. It forgets the oldest entries, so that it never holds more than enough. */
export class RecentMap<V> {
  readonly #most: number;
  readonly #values = new Map<string, V>();

  /** The default is enough for all locks that a process works on, and little memory. */
  constructor(most = 10_000) {
    this.#most = most;
  }

  get(key: string): V | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: V): void {
    this.#values.delete(key);
    this.#values.set(key, value);
    const [oldest] = this.#values.keys();
    if (this.#values.size > this.#most && oldest !== undefined) this.#values.delete(oldest);
  }

  delete(key: string): void {
    this.#values.delete(key);
  }
}
