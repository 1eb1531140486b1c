import { inspect } from 'node:util';

import { LockOptionError } from './option-error.js';
import { remembering } from './remembering.js';

/**
 * A span of time: a number of milliseconds, or a string such as `'250ms'`, `'30s'`, `'5m'`, `'1.5h'` or `'1d'`. At most 10 years;
 * `Infinity`, `'Infinity'` and `'never'` where no end makes sense. A string without a unit is refused.
 */
export type Duration = number | string;

export interface DurationBounds {
  readonly zero?: boolean;
  readonly infinity?: boolean;
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const LONGEST_MS = 10 * 365.25 * 86_400_000;

/** `value` in whole milliseconds. Throws `ERR_LOCK_OPTION` when it is unreadable, or not from 1 ms (or 0) to 10 years. */
export function durationMs(value: Duration, name: string, bounds: DurationBounds): number {
  const ms = typeof value === 'string' ? parse(value) : typeof value === 'number' ? value : NaN;
  if (ms >= (bounds.zero ? 0 : 1) && ms <= LONGEST_MS) return Math.round(ms);
  if (ms === Infinity && bounds.infinity) return ms;
  const meant = meantBy(value, bounds);
  throw new LockOptionError(
    `${name} must be ${expected(bounds)}; got ${inspect(value, { depth: 0, maxStringLength: 60 })}${didYouMean(meant)}`,
  );
}

/** The question that follows an unusable value. */
export function didYouMean(meant: string | undefined): string {
  return meant === undefined ? '' : `; did you mean '${meant}'?`;
}

const parse = remembering((text: string): number => {
  if (text === 'Infinity' || text === 'never') return Infinity;
  const [, amount = '', unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text) ?? [];
  const ms = Number(amount) * (UNIT_MS[unit] ?? NaN);
  // A number so large that it overflows is a mistake; it does not mean "never".
  return Number.isFinite(ms) ? ms : NaN;
});

/** What people write for a unit. */
const UNIT_WORDS: Readonly<Record<string, string>> = {
  ...{ ms: 'ms', msec: 'ms', msecs: 'ms', millis: 'ms', millisecond: 'ms', milliseconds: 'ms' },
  ...{ '': 's', s: 's', sec: 's', secs: 's', second: 's', seconds: 's' },
  ...{ m: 'm', min: 'm', mins: 'm', minute: 'm', minutes: 'm' },
  ...{ h: 'h', hr: 'h', hrs: 'h', hour: 'h', hours: 'h', d: 'd', day: 'd', days: 'd' },
};

/** A duration string for a text that is none, such as `'5m'` for `'5 min'`. Undefined: nothing comes near. */
function meantBy(value: unknown, { infinity }: DurationBounds): string | undefined {
  if (typeof value !== 'string' || value.length > 60) return undefined;
  const text = value.trim().toLowerCase();
  if (infinity && /^(forever|for ever|always|endless|inf|infinit[ey]|infinity|no limit|never)$/.test(text))
    return 'never';
  if (!/^(\d+(\.\d+)?\s*[a-z]*\s*)+$/.test(text)) return undefined;
  let sumMs = 0;
  for (const [, amount = '', word = ''] of text.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]*)/g)) {
    sumMs += Number(amount) * (UNIT_MS[UNIT_WORDS[word] ?? ''] ?? NaN);
  }
  return sumMs > 0 && sumMs <= LONGEST_MS ? inLargestUnit(sumMs) : undefined;
}

function inLargestUnit(ms: number): string {
  const units = Object.entries(UNIT_MS).filter(([, unitMs]) => ms % unitMs === 0);
  const [unit, unitMs] = units.at(-1) ?? ['ms', 1];
  return `${String(Math.round(ms / unitMs))}${unit}`;
}

function expected({ zero, infinity }: DurationBounds): string {
  const least = zero ? '0' : '1 ms';
  const endless = infinity ? ", or Infinity or 'never'" : '';
  return `milliseconds or text like '250ms', '30s', '5m', '2h' or '1d', from ${least} to 10 years${endless}`;
}

/** A span of time in at most two units, such as `1h 2m`. */
export function formatSpan(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [minutes, hours, days] = [Math.floor(seconds / 60), Math.floor(seconds / 3600), Math.floor(seconds / 86_400)];
  if (days > 0) return `${String(days)}d ${String(hours % 24)}h`;
  if (hours > 0) return `${String(hours)}h ${String(minutes % 60)}m`;
  return minutes > 0 ? `${String(minutes)}m ${String(seconds % 60)}s` : `${String(seconds)}s`;
}
