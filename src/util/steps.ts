/** A value, or a promise of it. */
export type Eventual<T> = T | PromiseLike<T>;

/**
 * A computation that yields every promise of an I/O result to its driver. So the same code runs awaited, runs synchronously, and
 * runs under a test that decides after each operation which of several computations continues.
 */
export type Steps<T> = Generator<PromiseLike<unknown>, T, unknown>;

/** One step: `value` itself, or what its driver found the promise to be. */
export function ask<T>(value: Eventual<T>): Steps<T> {
  return isPromiseLike(value) ? awaited(value) : (new Settled(value) as unknown as Steps<T>);
}

function* awaited<T>(value: PromiseLike<T>): Steps<T> {
  return (yield value) as T;
}

/**
 * A computation that has ended when it begins, and its own result: what a generator without a `yield` does, without its cost. On a
 * local disk nearly all steps are such.
 */
class Settled<T> {
  readonly done = true;
  readonly value: T;

  constructor(value: T) {
    this.value = value;
  }

  next(): this {
    return this;
  }

  [Symbol.iterator](): this {
    return this;
  }
}

/**
 * The same for a call that is made when the computation is run and not before: what
 * `function* () { return yield* ask(call()); }` does.
 */
export function later<T>(call: () => Eventual<T>): Steps<T> {
  return new Later(call) as unknown as Steps<T>;
}

class Later<T> {
  readonly #call: () => Eventual<T>;
  #isCalled = false;
  done = false;
  value: unknown;

  constructor(call: () => Eventual<T>) {
    this.#call = call;
  }

  next(answer: unknown): this {
    if (this.#isCalled) {
      this.value = answer;
      this.done = true;
    } else {
      this.#isCalled = true;
      this.value = this.#call();
      this.done = !isPromiseLike(this.value);
    }
    return this;
  }

  throw(error: unknown): never {
    this.done = true;
    throw error;
  }

  return(value: T): this {
    this.value = value;
    this.done = true;
    return this;
  }

  [Symbol.iterator](): this {
    return this;
  }
}

/**
 * Runs `steps`, and awaits each promise. A value that is no promise costs no turn of the event loop. `first` is the first step, where
 * that was made before.
 */
export async function run<T>(steps: Steps<T>, first = steps.next()): Promise<T> {
  let turn = first;
  while (!turn.done) {
    let answer: unknown;
    try {
      answer = await turn.value;
    } catch (error) {
      turn = steps.throw(error);
      continue;
    }
    turn = steps.next(answer);
  }
  return turn.value;
}

/** Runs `steps` without a promise, where none is among them: then the outcome is returned, or thrown, at once. */
export function start<T>(steps: Steps<T>): Eventual<T> {
  const turn = steps.next();
  return turn.done ? turn.value : run(steps, turn);
}

/** Runs `steps` to the end in this tick. A promise among them is a programming error. */
export function runSync<T>(steps: Steps<T>): T {
  const turn = steps.next();
  if (turn.done) return turn.value;
  throw new TypeError('a synchronous operation was given a promise');
}

export function isPromiseLike<T>(value: Eventual<T>): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
