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
  throw new LockOptionError(
    `${name} must be ${expected(bounds)}; got ${inspect(value, { depth: 0, maxStringLength: 60 })}`,
  );
}

const parse = remembering((text: string): number => {
  if (text === 'Infinity' || text === 'never') return Infinity;
  const [, amount = '', unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text) ?? [];
  const ms = Number(amount) * (UNIT_MS[unit] ?? NaN);
  // A number so large that it overflows is a mistake; it does not mean "never".
  return Number.isFinite(ms) ? ms : NaN;
});

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
