/** A table in plain text, the columns as wide as they need to be, numbers to the right. */
export function table(head: readonly string[], body: readonly (readonly string[])[]): string {
  const widths = head.map((title, index) => Math.max(title.length, ...body.map((row) => row[index]?.length ?? 0)));
  const numeric = head.map((_, index) => body.every((row) => /^[\d.,]*$/.test(row[index] ?? '')));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, index) => (numeric[index] ? cell.padStart(widths[index] ?? 0) : cell.padEnd(widths[index] ?? 0)))
      .join('  ')
      .trimEnd();
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n');
}
