let handled = false;

/** Writes to standard output. If the reader stops early, as in `| head -1`, that is not an error. */
export function print(text: string): void {
  if (!handled) process.stdout.on('error', () => undefined);
  handled = true;
  process.stdout.write(text);
}

/** Calls back when nobody reads standard output any more. */
export function whenUnread(callback: () => void): void {
  process.stdout.on('error', callback);
}
