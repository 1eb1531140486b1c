/** A value, or a promise of it. */
export type Eventual<T> = T | PromiseLike<T>;

/**
 * A computation that yields every promise of an I/O result to its driver. So the same code runs awaited, runs synchronously, and
 * runs under a test that decides after each operation which of several computations continues.
 */
export type Steps<T> = Generator<PromiseLike<unknown>, T, unknown>;

/** One step: `value` itself, or what its driver found the promise to be. */
export function* ask<T>(value: Eventual<T>): Steps<T> {
  return isPromiseLike(value) ? ((yield value) as T) : value;
}

/** Runs `steps`, and awaits each promise. A value that is no promise costs no turn of the event loop. */
export async function run<T>(steps: Steps<T>): Promise<T> {
  let turn = steps.next();
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

/** Runs `steps` to the end in this tick. A promise among them is a programming error. */
export function runSync<T>(steps: Steps<T>): T {
  const turn = steps.next();
  if (turn.done) return turn.value;
  throw new TypeError('a synchronous operation was given a promise');
}

export function isPromiseLike<T>(value: Eventual<T>): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
