import type { SweepOptions } from '../../admin/sweep.js';
import type { DetachedOptions } from '../../lock/detached.js';
import { LONGEST_OWNER, type LockOptions } from '../../lock/model/options.js';
import { durationMs } from '../../util/duration.js';
import { LockOptionError } from '../../util/option-error.js';
import { usageError } from '../exit-codes.js';
import { SORTS, STATES, type Selection, type Sort } from '../terminal/lock-selection.js';
import type { ArgumentsOf, RawSetting } from './arguments.js';

/** The settings of `run`: checked, with every default filled in. */
export interface ResolvedRunOptions {
  readonly lock: LockOptions;
  readonly waitMs: number;
  readonly killAfterMs: number;
  readonly marginMs: number;
  /** How long COMMAND may run. Infinity: as long as it likes. */
  readonly maxHoldMs: number;
  /** The exit code when somebody else holds the lock. Undefined: the usual ones. */
  readonly conflictCode: number | undefined;
}

const DEFAULT_TTL_MS = 30_000;
const LONGEST_DEFAULT_MS = 2000;
const LARGEST_COUNT = 1000;

/** Throws a usage error that names the option or the variable with the bad value. */
export function resolveRunOptions(args: ArgumentsOf<'run'>): ResolvedRunOptions {
  const { ttl, wait, owner, grace, note, maxHold, conflictExitCode, fencing } = args;
  const ttlMs = ttl ? millisecondsOf(ttl) : DEFAULT_TTL_MS;
  return {
    lock: {
      ...(ttl && { ttl: ttlMs }),
      ...(owner && { ownerId: ownerOf(owner) }),
      ...(grace && { grace: millisecondsOf(grace) }),
      ...(note && { note: objectOf(note) }),
      ...(fencing && { fencing }),
    },
    waitMs: millisecondsOf(wait),
    maxHoldMs: maxHold ? millisecondsOf(maxHold) : Infinity,
    conflictCode: conflictExitCode && exitCodeOf(conflictExitCode),
    ...endingOf(args, ttlMs),
  };
}

/** How `acquire` and `hold` hold a lock that outlives them. */
export interface ResolvedAcquireOptions {
  readonly lock: DetachedOptions;
  readonly waitMs: number;
  readonly conflictCode: number | undefined;
}

/** Throws a usage error that names the option with the bad value. */
export function resolveAcquireOptions(args: ArgumentsOf<'acquire'>): ResolvedAcquireOptions {
  const { ttl, wait, owner, note, pid, fencing, conflictExitCode } = args;
  return {
    lock: {
      ttl: millisecondsOf(ttl),
      fencing,
      ...(owner && { ownerId: ownerOf(owner) }),
      ...(note && { note: objectOf(note) }),
      ...(pid && { pid: processOf(pid) }),
    },
    waitMs: millisecondsOf(wait),
    conflictCode: conflictExitCode && exitCodeOf(conflictExitCode),
  };
}

/** Throws a usage error that names the option with the bad value. */
export function resolveHoldOptions(args: ArgumentsOf<'hold'>): Omit<ResolvedAcquireOptions, 'conflictCode'> {
  const { for: span, wait, owner, note, reason } = args;
  const notes = { ...(note && objectOf(note)), ...(reason && { reason: reason.text }) };
  return {
    lock: {
      ttl: millisecondsOf(span),
      ...(owner && { ownerId: ownerOf(owner) }),
      ...(Object.keys(notes).length > 0 && { note: notes }),
    },
    waitMs: millisecondsOf(wait),
  };
}

/** Throws a usage error that names the option with the bad value. */
export function resolveSweepOptions(args: ArgumentsOf<'sweep'>): SweepOptions {
  const { recursive, dryRun, unreadable, olderThan, concurrency } = args;
  return {
    recursive,
    dryRun,
    unreadable,
    concurrency: countOf(concurrency),
    ...(olderThan && { olderThan: millisecondsOf(olderThan) }),
  };
}

/** What `ls` shows, and in which order. */
export interface ResolvedListOptions extends Selection {
  /** Undefined: as they are found. */
  readonly sort: Sort | undefined;
  readonly wide: boolean;
  readonly prometheus: boolean;
  /** How often `--watch` looks, in milliseconds. */
  readonly everyMs: number;
  /** Whether some locks are left out by a wish. */
  readonly isFiltered: boolean;
}

/** Throws a usage error that names the option with the bad value. */
export function resolveListOptions(args: ArgumentsOf<'ls'>): ResolvedListOptions {
  const { all, sort, state, owner, olderThan, output, format, json, every, watch } = args;
  const prometheus = (format && choiceOf(format, ['prometheus'])) !== undefined;
  if (prometheus && (json || watch)) throw usageError(`expected --format without ${json ? '--json' : '--watch'}`);
  const states = state ? statesOf(state) : all ? STATES : undefined;
  const chosen = sort ? choiceOf(sort, [...SORTS, 'none']) : json ? 'none' : 'file';
  return {
    states,
    owner: owner?.text,
    olderThanMs: olderThan && millisecondsOf(olderThan),
    sort: chosen === 'none' ? undefined : chosen,
    wide: (output && choiceOf(output, ['wide'])) !== undefined,
    prometheus,
    everyMs: millisecondsOf(every),
    isFiltered: (state ?? owner ?? olderThan) !== undefined,
  };
}

function statesOf({ text, from, spec }: RawSetting): Selection['states'] {
  return text.split(',').map((each) => choiceOf({ text: each, from, spec }, STATES));
}

function choiceOf<T extends string>({ text, from }: RawSetting, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === text);
  if (found !== undefined) return found;
  throw usageError(`${from} must be ${choices.join(' or ')}; got ${JSON.stringify(text)}`);
}

/** The settings of `history`. */
export interface ResolvedHistoryOptions {
  /** How many milliseconds back. Undefined: everything. */
  readonly sinceMs: number | undefined;
  /** How many entries to print, the last ones. */
  readonly limit: number;
}

const USUAL_LIMIT = 50;
const LARGEST_LIMIT = 1_000_000;

/** Throws a usage error that names the option with the bad value. */
export function resolveHistoryOptions({ since, limit, json }: ArgumentsOf<'history'>): ResolvedHistoryOptions {
  const usual = json ? Infinity : USUAL_LIMIT;
  return {
    sinceMs: since && millisecondsOf(since),
    limit: limit ? countOf(limit, LARGEST_LIMIT) : usual,
  };
}

function endingOf(
  { ttl, killAfter, margin }: ArgumentsOf<'run'>,
  ttlMs: number,
): Pick<ResolvedRunOptions, 'killAfterMs' | 'marginMs'> {
  const sixthMs = Math.min(Math.round(ttlMs / 6), LONGEST_DEFAULT_MS);
  const killAfterMs = killAfter ? millisecondsOf(killAfter) : sixthMs;
  const marginMs = margin ? millisecondsOf(margin) : sixthMs;
  if (killAfterMs + marginMs <= ttlMs / 2) return { killAfterMs, marginMs };
  const name = ttl?.from ?? '--ttl';
  throw usageError(`--kill-after and --margin together must leave half of the ${name} for renewals`);
}

/** Throws a usage error that names the option with the bad value. */
export function millisecondsOf({ text, from, spec }: RawSetting): number {
  const { zero = false, infinity = false, min } = spec;
  if (text === '0' && zero) return 0;
  let ms: number;
  try {
    ms = durationMs(text, from, { zero, infinity });
  } catch (cause) {
    if (!(cause instanceof LockOptionError)) throw cause;
    const endless = infinity ? ' or never' : '';
    throw usageError(
      `${from} must be a duration such as 250ms, 30s, 5m, 2h, 1d${endless}; got ${JSON.stringify(text)}`,
    );
  }
  if (min === undefined || ms >= durationMs(min, from, {})) return ms;
  throw usageError(`${from} must be at least ${min}; got ${text}`);
}

function countOf({ text, from }: RawSetting, largest = LARGEST_COUNT): number {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= largest) return count;
  throw usageError(`${from} must be a whole number from 1 to ${largest}; got ${JSON.stringify(text)}`);
}

function exitCodeOf({ text, from }: RawSetting): number {
  const code = /^\d{1,3}$/.test(text) ? Number(text) : 256;
  if (code <= 255) return code;
  throw usageError(`${from} must be a whole number from 0 to 255; got ${JSON.stringify(text)}`);
}

function processOf({ text, from }: RawSetting): number | 'none' {
  if (text === 'none') return text;
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text);
  throw usageError(`${from} must be the number of a process, or none; got ${JSON.stringify(text)}`);
}

function ownerOf({ text, from }: RawSetting): string {
  if (text.length <= LONGEST_OWNER) return text;
  throw usageError(`${from} must have at most ${LONGEST_OWNER} characters, not ${text.length}`);
}

function objectOf({ text, from }: RawSetting): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw usageError(`${from} must be a JSON object; got ${JSON.stringify(text)}`);
}
