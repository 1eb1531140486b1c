// @ts-check

/** Numbers that a seed decides. */
export class Random {
  #state;

  /** @param {string} seed */
  constructor(seed) {
    this.#state = 0x811c9dc5;
    for (const character of seed) this.#state = Math.imul(this.#state ^ character.charCodeAt(0), 0x01000193);
  }

  /** @returns {number} from 0 up to, not including, 1 (the generator is splitmix32) */
  next() {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    let bits = this.#state ^ (this.#state >>> 16);
    bits = Math.imul(bits, 0x21f0aaad);
    bits ^= bits >>> 15;
    bits = Math.imul(bits, 0x735a2d97);
    return ((bits ^ (bits >>> 15)) >>> 0) / 2 ** 32;
  }

  /**
   * @param {number} from
   * @param {number} to
   */
  between(from, to) {
    return from + this.next() * (to - from);
  }

  /** @param {number} probability */
  chance(probability) {
    return this.next() < probability;
  }

  /**
   * @template T
   * @param {readonly T[]} items at least one
   * @returns {T}
   */
  pick(items) {
    return /** @type {T} */ (items[Math.floor(this.next() * items.length)]);
  }

  /**
   * @template T
   * @param {readonly (readonly [number, T])[]} weighted at least one, each with its weight
   * @returns {T}
   */
  pickWeighted(weighted) {
    let point = this.next() * weighted.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, item] of weighted) {
      point -= weight;
      if (point < 0) return item;
    }
    return this.pick(weighted)[1];
  }
}
