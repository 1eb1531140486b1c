import { formatSpan } from '../../util/duration.js';
import type { Json } from './plain-json.js';
import { progressAgeMs } from './progress.js';
import { printable, type LockRecord } from './record.js';

/** A holder that reported progress less than this ago is not called stuck, however short its lease is. */
const QUIET_MS = 60_000;

/** The same for a lock without end, which is renewed every minute. */
const ENDLESS_QUIET_MS = 180_000;

/** In characters. */
const LONGEST_SHOWN = 160;

/** How far the holder has come, and since when it reported nothing new, safe to print. Undefined: it never reported any. */
export function describeProgress(record: LockRecord | undefined, ageMs: number | undefined): string | undefined {
  if (record?.progress === undefined) return undefined;
  const what = progressWords(record.progress.value);
  const sinceMs = progressAgeMs(record, ageMs);
  if (sinceMs === undefined) return what;
  const since = isQuiet(record, sinceMs) ? `no progress for ${formatSpan(sinceMs)}` : `${formatSpan(sinceMs)} ago`;
  return `${what} (${since})`;
}

/** Whether a holder that reported progress this long ago may be stuck: three renewals were written without any. */
export function isQuiet({ leaseMs }: Pick<LockRecord, 'leaseMs'>, sinceMs: number): boolean {
  return sinceMs > (leaseMs === Infinity ? ENDLESS_QUIET_MS : Math.max(QUIET_MS, leaseMs));
}

/** `12 of 40, importing b.csv` from the members that this library knows, anything else as JSON. */
export function progressWords(value: Json): string {
  const { done, total, text, ...rest } = value;
  const counted = isNumber(done) ? [isNumber(total) ? `${String(done)} of ${String(total)}` : String(done)] : [];
  const said = typeof text === 'string' && text !== '' ? [text] : [];
  const isKnown = Object.keys(rest).length === 0 && counted.length + said.length > 0;
  const words = isKnown ? [...counted, ...said].join(', ') : JSON.stringify(value);
  const shown = words.length > LONGEST_SHOWN ? `${words.slice(0, LONGEST_SHOWN)}…` : words;
  return printable(shown);
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
