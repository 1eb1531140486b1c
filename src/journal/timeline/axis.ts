const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const STEPS: readonly number[] = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500, SECOND, 2 * SECOND, 5 * SECOND, 10 * SECOND, 15 * SECOND, 30 * SECOND],
  ...[MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 6 * HOUR, 12 * HOUR],
  ...[DAY, 2 * DAY, 7 * DAY, 30 * DAY, 90 * DAY],
];

/** A short run is measured from its beginning, a long one by the clock. */
const SHORT_MS = 10 * MINUTE;

/** At most `most` marks of a time axis, with their texts. Clock times are UTC. */
export function ticksOf(
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  most: number,
): readonly { readonly atMs: number; readonly text: string }[] {
  const spanMs = toMs - fromMs;
  const stepMs = STEPS.find((step) => spanMs / step <= most) ?? spanMs;
  const isShort = spanMs <= SHORT_MS;
  const firstMs = isShort ? fromMs : Math.ceil(fromMs / stepMs) * stepMs;
  const count = Math.floor((toMs - firstMs) / stepMs) + 1;
  return Array.from({ length: Math.min(count, most + 1) }, (_, index) => {
    const atMs = firstMs + index * stepMs;
    return { atMs, text: isShort ? sinceStart(atMs - fromMs, stepMs) : clockTime(atMs, stepMs) };
  });
}

function sinceStart(ms: number, stepMs: number): string {
  if (stepMs < SECOND) return `${Math.round(ms)} ms`;
  return `${Math.round(ms / SECOND)} s`;
}

function clockTime(atMs: number, stepMs: number): string {
  const text = new Date(atMs).toISOString();
  return stepMs >= DAY ? text.slice(0, 10) : text.slice(11, 16);
}

/** A span of time for people: `0.35 s`, `12.0 s`, `3.5 min`. */
export function spanText(ms: number): string {
  if (ms < 10) return `${Math.round(ms * 10) / 10} ms`;
  if (ms < SECOND) return `${Math.round(ms)} ms`;
  if (ms < MINUTE) return `${(ms / SECOND).toFixed(1)} s`;
  return ms < HOUR ? `${(ms / MINUTE).toFixed(1)} min` : `${(ms / HOUR).toFixed(1)} h`;
}
