/** Lets the process end before a timer fires. Where timers are numbers, as in a browser's window, it would end anyway. */
export function unrefTimer(timer: unknown): void {
  (timer as { unref?: () => unknown }).unref?.();
}
