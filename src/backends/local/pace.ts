/** How long calls that never wait may go on before the event loop gets its turn, in milliseconds. */
const SLICE_MS = 0.1;

let sliceStartedMs = 0;
let nextTurn: Promise<void> | undefined;

/** Undefined while there is time left in this turn of the event loop; else a promise for the next one, to ask again then. */
export function turnOver(): Promise<void> | undefined {
  if (nextTurn !== undefined) return performance.now() - sliceStartedMs < SLICE_MS ? undefined : nextTurn;
  sliceStartedMs = performance.now();
  nextTurn = new Promise((resolve) => {
    setImmediate(() => {
      nextTurn = undefined;
      resolve();
    });
  });
  return undefined;
}
