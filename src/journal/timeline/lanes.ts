import type { Span } from './spans.js';

/** One holder with its acquisitions, in as many rows as it has locks at the same time. */
export interface Lane {
  readonly name: string;
  readonly rows: readonly (readonly Span[])[];
}

const MOST_ROWS = 150;

/** The lanes in the order of their names; `hidden` acquisitions have no room. */
export function lanesOf(
  spans: readonly Span[],
  toMs: number,
): { readonly lanes: readonly Lane[]; readonly hidden: number } {
  const byName = new Map<string, Span[]>();
  for (const span of spans) {
    const lane = byName.get(span.lane);
    if (lane) lane.push(span);
    else byName.set(span.lane, [span]);
  }
  const names = [...byName.keys()].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  const lanes: Lane[] = [];
  let rowsLeft = MOST_ROWS;
  let shown = 0;
  for (const name of names) {
    const rows = rowsOf(byName.get(name) ?? [], toMs).slice(0, rowsLeft);
    if (rows.length > 0) lanes.push({ name, rows });
    rowsLeft -= rows.length;
    shown += rows.reduce((sum, row) => sum + row.length, 0);
  }
  return { lanes, hidden: spans.length - shown };
}

/** Puts each acquisition into the first row where nothing else is at its time. */
function rowsOf(spans: readonly Span[], toMs: number): Span[][] {
  const rows: { readonly spans: Span[]; endMs: number }[] = [];
  for (const span of spans) {
    const endMs = span.endMs ?? toMs;
    const free = rows.find((row) => row.endMs <= span.askedMs);
    if (free) {
      free.spans.push(span);
      free.endMs = endMs;
    } else {
      rows.push({ spans: [span], endMs });
    }
  }
  return rows.map((row) => row.spans);
}
