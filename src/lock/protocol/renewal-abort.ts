/** Enough for the renewals that are under way at one time on a local disk. */
const MOST = 16;

/** Controllers that nobody has aborted, and nobody listens to. */
const spare: AbortController[] = [];

/** What ends a renewal early. To make one is the slowest part of a renewal that is not input or output. */
export function takeController(): AbortController {
  return spare.pop() ?? new AbortController();
}

/** Keeps a controller for the next renewal of any lock. Only for stores that forget a signal when the call has ended. */
export function keepController(controller: AbortController): void {
  if (!controller.signal.aborted && spare.length < MOST) spare.push(controller);
}
