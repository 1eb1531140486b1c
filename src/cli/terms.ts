import { durationMs, type DurationBounds } from '../duration.js';
import { LockOptionError } from '../errors.js';
import type { LockOptions } from '../options.js';
import type { RunArguments } from './arguments.js';
import { Complaint } from './complaint.js';
import { EXIT } from './exit-codes.js';

/** How a command is to be run, checked and with every default filled in. */
export interface RunTerms {
  readonly lock: LockOptions;
  readonly waitMs: number;
  readonly killAfterMs: number;
  readonly marginMs: number;
}

const SHORTEST_TTL_MS = 1000;
const SHORTEST_MARGIN_MS = 50;
const LONGEST_DEFAULT_MS = 2000;

export function runTermsOf(args: RunArguments): RunTerms {
  const ttlMs = args.ttl === undefined ? 30_000 : span('ttl', args.ttl, { infinity: true });
  if (ttlMs < SHORTEST_TTL_MS) throw misuse(`--ttl must be at least 1s, as ending COMMAND takes time; got ${args.ttl}`);
  const sixth = Math.min(Math.round(ttlMs / 6), LONGEST_DEFAULT_MS);
  const killAfterMs = args.killAfter === undefined ? sixth : span('kill-after', args.killAfter, { zero: true });
  const marginMs = args.margin === undefined ? sixth : span('margin', args.margin, {});
  if (marginMs < SHORTEST_MARGIN_MS) throw misuse(`--margin must be at least ${SHORTEST_MARGIN_MS}ms`);
  if (killAfterMs + marginMs > ttlMs / 2) {
    throw misuse('--kill-after and --margin together must leave half of the --ttl for renewals');
  }
  return {
    lock: {
      ...(args.ttl !== undefined && { ttl: ttlMs }),
      ...(args.owner !== undefined && { ownerId: args.owner }),
      ...(args.grace !== undefined && { grace: span('grace', args.grace, { zero: true }) }),
      ...(args.note !== undefined && { note: noteOf(args.note) }),
    },
    waitMs: args.wait === undefined ? 0 : span('wait', args.wait, { zero: true, infinity: true }),
    killAfterMs,
    marginMs,
  };
}

function span(name: string, text: string, bounds: DurationBounds): number {
  if (text === '0' && bounds.zero) return 0;
  try {
    return durationMs(text, `--${name}`, bounds);
  } catch (cause) {
    if (!(cause instanceof LockOptionError)) throw cause;
    const endless = bounds.infinity ? ' or never' : '';
    throw misuse(`--${name} must be a duration such as 250ms, 30s, 5m, 2h, 1d${endless}; got ${JSON.stringify(text)}`);
  }
}

function noteOf(text: string): Readonly<Record<string, unknown>> {
  let note: unknown;
  try {
    note = JSON.parse(text);
  } catch {
    throw misuse(`--note must be a JSON object; got ${JSON.stringify(text)}`);
  }
  if (typeof note === 'object' && note !== null && !Array.isArray(note)) return note as Record<string, unknown>;
  throw misuse(`--note must be a JSON object; got ${JSON.stringify(text)}`);
}

function misuse(problem: string): Complaint {
  return new Complaint(EXIT.usage, problem);
}
