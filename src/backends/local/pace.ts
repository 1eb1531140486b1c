/** How long calls that never wait may go on before the event loop gets its turn, in milliseconds. */
const SLICE_MS = 0.1;

let sliceStartedMs = 0;
let upcoming: Promise<void> | undefined;

/** Undefined while there is time left in this turn of the event loop; else a promise for the next one, to ask again then. */
export function nextTurn(): Promise<void> | undefined {
  if (upcoming !== undefined) return performance.now() - sliceStartedMs < SLICE_MS ? undefined : upcoming;
  sliceStartedMs = performance.now();
  upcoming = new Promise((resolve) => {
    setImmediate(() => {
      upcoming = undefined;
      resolve();
    });
  });
  return undefined;
}
