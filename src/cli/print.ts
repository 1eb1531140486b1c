/** Writes to standard output. That nobody reads it to its end, as in `| head -1`, is no error. */
export function print(text: string): void {
  process.stdout.on('error', () => undefined);
  process.stdout.write(text);
}
