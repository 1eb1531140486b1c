/**
 * When somebody was sure to hold the lock of a file, in milliseconds of the machine's steady clock, which all programs share: from when
 * it was told so, until it left or its own deadline.
 */
export interface Stay {
  readonly who: string;
  readonly file: string;
  readonly fromMs: number;
  readonly untilMs: number;
  /** Whether the lock was taken from somebody whose lease had ended, where that is known. */
  readonly tookOver?: boolean;
}

/** Those who held the lock of a file while somebody else did. It asks no library: it knows only what each client noted. */
export function overlapsIn(stays: readonly Stay[]): readonly (readonly [Stay, Stay])[] {
  const sorted = stays.filter(({ fromMs, untilMs }) => untilMs > fromMs).sort((a, b) => a.fromMs - b.fromMs);
  const last = new Map<string, Stay>();
  const found: (readonly [Stay, Stay])[] = [];
  for (const stay of sorted) {
    const before = last.get(stay.file);
    if (before && stay.fromMs < before.untilMs) found.push([before, stay]);
    if (before === undefined || stay.untilMs > before.untilMs) last.set(stay.file, stay);
  }
  return found;
}

/** What a client noted in a line of its own. */
export function staysIn(text: string): readonly Stay[] {
  // A client that was killed may have left half a line.
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Stay);
}

/** The clock of the judge: that of `time.monotonic()` in Python too. */
export function steadyMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
