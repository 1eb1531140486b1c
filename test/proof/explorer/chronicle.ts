const NONCE = /[0-9a-f]{32}/g;

/**
 * Numbers the stories of what actors did and were told, so that equal stories have equal numbers in all schedules of a
 * scenario. An actor with the same story is in the same state, as nothing else goes into its code that it acts by.
 */
export class Chronicle {
  readonly #numbers = new Map<string, number>();
  readonly #names = new Map<string, string>();
  readonly #counts = new Map<string, number>();

  /** A new schedule, with new random names. */
  begin(): void {
    this.#names.clear();
    this.#counts.clear();
  }

  /** The number of the story that goes on with an event in an actor's life. */
  add(story: number, actor: string, event: string): number {
    const longer = `${story} ${this.plain(event, actor)}`;
    const number = this.#numbers.get(longer) ?? this.#numbers.size + 1;
    this.#numbers.set(longer, number);
    return number;
  }

  /** Random names replaced by who used them first, and as which of their own. */
  plain(text: string, actor: string): string {
    return text.replace(NONCE, (nonce) => {
      const known = this.#names.get(nonce);
      if (known !== undefined) return known;
      const count = this.#counts.get(actor) ?? 0;
      const name = `${actor}${count}`;
      this.#counts.set(actor, count + 1);
      this.#names.set(nonce, name);
      return name;
    });
  }
}
