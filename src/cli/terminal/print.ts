let handled = false;

/** Writes to standard output. That nobody reads it to its end, as in `| head -1`, is no error. */
export function print(text: string): void {
  if (!handled) process.stdout.on('error', () => undefined);
  handled = true;
  process.stdout.write(text);
}

/** Calls back when nobody reads standard output any more. */
export function whenUnread(callback: () => void): void {
  process.stdout.on('error', callback);
}
