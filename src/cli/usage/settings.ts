import { durationMs, type DurationBounds } from '../../util/duration.js';
import { LockOptionError } from '../../util/option-error.js';
import type { SweepOptions } from '../../admin/sweep.js';
import { LONGEST_OWNER, type LockOptions } from '../../lock/model/options.js';
import type { RunArguments, SweepArguments } from './arguments.js';
import { CliError } from './error.js';
import { EXIT } from '../exit-codes.js';

/** How a command is to be run, checked and with every default filled in. */
export interface ResolvedRunOptions {
  readonly lock: LockOptions;
  readonly waitMs: number;
  readonly killAfterMs: number;
  readonly marginMs: number;
}

/** Something that was asked for, and where. */
interface RawSetting {
  readonly text: string;
  readonly from: string;
}

const SHORTEST_TTL_MS = 1000;
const SHORTEST_MARGIN_MS = 50;
const LONGEST_DEFAULT_MS = 2000;

/** Throws a usage `Complaint` that names the option or the variable at fault. What an option says counts before the environment. */
export function resolveRunOptions(args: RunArguments, env: NodeJS.ProcessEnv): ResolvedRunOptions {
  const ttl = wish('--ttl', args.ttl) ?? wishIn(env, 'VFS_LOCKFILE_TTL');
  const wait = wish('--wait', args.wait) ?? wishIn(env, 'VFS_LOCKFILE_WAIT');
  const owner = wish('--owner', args.owner) ?? wishIn(env, 'VFS_LOCKFILE_OWNER');
  const grace = wish('--grace', args.grace);
  const ttlMs = ttl === undefined ? 30_000 : ttlOf(ttl);
  return {
    lock: {
      ...(ttl !== undefined && { ttl: ttlMs }),
      ...(owner !== undefined && { ownerId: ownerOf(owner) }),
      ...(grace !== undefined && { grace: span(grace, { zero: true }) }),
      ...(args.note !== undefined && { note: noteOf(args.note) }),
    },
    waitMs: wait === undefined ? 0 : span(wait, { zero: true, infinity: true }),
    ...endingOf(args, ttlMs, ttl?.from ?? '--ttl'),
  };
}

export function resolveSweepOptions(args: SweepArguments): SweepOptions {
  const { recursive, dryRun, unreadable } = args;
  const olderThan = wish('--older-than', args.olderThan);
  const concurrency = wish('--concurrency', args.concurrency);
  return {
    recursive,
    dryRun,
    unreadable,
    ...(olderThan && { olderThan: span(olderThan, { zero: true }) }),
    ...(concurrency && { concurrency: countOf(concurrency) }),
  };
}

function countOf({ text, from }: RawSetting): number {
  const count = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= 1000) return count;
  throw misuse(`${from} must be a whole number from 1 to 1000; got ${JSON.stringify(text)}`);
}

function wish(from: string, text: string | undefined): RawSetting | undefined {
  return text === undefined ? undefined : { text, from };
}

/** An empty variable is as good as none, as shells have no easy way to take one away for a single command. */
function wishIn(env: NodeJS.ProcessEnv, name: string): RawSetting | undefined {
  return wish(name, env[name] === '' ? undefined : env[name]);
}

function ttlOf(ttl: RawSetting): number {
  const ttlMs = span(ttl, { infinity: true });
  if (ttlMs >= SHORTEST_TTL_MS) return ttlMs;
  throw misuse(`${ttl.from} must be at least 1s, as ending COMMAND takes time; got ${ttl.text}`);
}

function ownerOf({ text, from }: RawSetting): string {
  if (text.length <= LONGEST_OWNER) return text;
  throw misuse(`${from} must have at most ${LONGEST_OWNER} characters, not ${text.length}`);
}

function endingOf(
  args: RunArguments,
  ttlMs: number,
  ttlFrom: string,
): Pick<ResolvedRunOptions, 'killAfterMs' | 'marginMs'> {
  const sixth = Math.min(Math.round(ttlMs / 6), LONGEST_DEFAULT_MS);
  const killAfter = wish('--kill-after', args.killAfter);
  const margin = wish('--margin', args.margin);
  const killAfterMs = killAfter === undefined ? sixth : span(killAfter, { zero: true });
  const marginMs = margin === undefined ? sixth : span(margin, {});
  if (marginMs < SHORTEST_MARGIN_MS) throw misuse(`--margin must be at least ${SHORTEST_MARGIN_MS}ms`);
  if (killAfterMs + marginMs > ttlMs / 2) {
    throw misuse(`--kill-after and --margin together must leave half of the ${ttlFrom} for renewals`);
  }
  return { killAfterMs, marginMs };
}

function span({ text, from }: RawSetting, bounds: DurationBounds): number {
  if (text === '0' && bounds.zero) return 0;
  try {
    return durationMs(text, from, bounds);
  } catch (cause) {
    if (!(cause instanceof LockOptionError)) throw cause;
    const endless = bounds.infinity ? ' or never' : '';
    throw misuse(`${from} must be a duration such as 250ms, 30s, 5m, 2h, 1d${endless}; got ${JSON.stringify(text)}`);
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

function misuse(problem: string): CliError {
  return new CliError(EXIT.usage, problem);
}
