/** A value that is there already, or that a promise will bring. */
export type Eventual<T> = T | PromiseLike<T>;

/**
 * A computation that hands every I/O result it needs to its driver. The same code therefore runs awaited, runs
 * synchronously, and runs under a test that decides after each operation who goes next.
 */
export type Steps<T> = Generator<unknown, T, unknown>;

/** One step: gives `value` to the driver and comes back with what it turned out to be. */
export function* ask<T>(value: Eventual<T>): Steps<T> {
  return (yield value) as T;
}

/** Runs `steps`, awaiting only what really is a promise. */
export async function run<T>(steps: Steps<T>): Promise<T> {
  let turn = steps.next();
  while (!turn.done) {
    if (!isPromiseLike(turn.value)) {
      turn = steps.next(turn.value);
      continue;
    }
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

/** Runs `steps` to the end in this tick; a promise among them is a programming error. */
export function runSync<T>(steps: Steps<T>): T {
  let turn = steps.next();
  while (!turn.done) {
    if (isPromiseLike(turn.value)) throw new TypeError('a synchronous operation was given a promise');
    turn = steps.next(turn.value);
  }
  return turn.value;
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
