/** Ends what a test has set up: call it in `afterEach`, or declare it with `using`. */
export interface Undo extends Disposable {
  (): void;
}

export function undo(end: () => void): Undo {
  return Object.assign(() => end(), { [Symbol.dispose]: end });
}
