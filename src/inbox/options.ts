import { inspect } from 'node:util';

import { durationMs, type Duration } from '../util/duration.js';
import { LockOptionError } from '../util/option-error.js';
import type { VfsFile } from '../vfs/file.js';
import { resolveSignal, resolveLockOptions, type LockOptions } from '../lock/model/options.js';
import type { Entry } from '../vfs/vfs.js';
import { concurrencyOf } from '../util/in-parallel.js';

/** Which files of an inbox are claimed, when, and how their locks are held: the options of a lock apply too. */
export interface InboxOptions extends LockOptions {
  /** The names to claim: `'*.csv'` with `*` and `?`, a regular expression, or a function. Default: all. */
  readonly match?: string | RegExp | ((name: string) => boolean);
  /** Which of those waiting comes first: `'oldest'` (the default), `'name'`, or a comparison. */
  readonly order?: 'oldest' | 'name' | ((a: Entry, b: Entry) => number);
  /** How many claims may be open at once. With 1, asking for the next one gives back the one before. Default 1. */
  readonly concurrency?: number;
  /** A file is claimed once its size and modification time have not changed for so long. 0: at once. Default `'1s'`. */
  readonly settle?: Duration;
  /**
   * When to end: `'empty'`: when no file waits, also none that others hold; `'idle'`: when no file can be claimed. Default:
   * never, but by `signal`.
   */
  readonly until?: 'empty' | 'idle';
  /** How long to pause before looking again, when no file could be claimed. Default: what suits the store, a second on a disk. */
  readonly poll?: Duration;
  /** Ends the iteration: nothing is claimed from then on, and what is claimed is left to be finished. */
  readonly signal?: AbortSignal;
  /** Told of each file that is passed over, each time it is. */
  readonly onSkip?: (file: VfsFile, reason: SkipReason, error?: unknown) => void;
}

/**
 * Why a file was passed over: `'held'`: somebody else has it; `'growing'`: it changed, or may still; `'vanished'`;
 * `'unlockable'`: no lock can stand beside it, as when its name is too long, or others' may not be taken over.
 */
export type SkipReason = 'held' | 'growing' | 'vanished' | 'unlockable';

/** `InboxOptions`, checked and with every default filled in but those of the store. */
export interface ResolvedInboxOptions {
  readonly matches: (name: string) => boolean;
  readonly compare: (a: Entry, b: Entry) => number;
  readonly concurrency: number;
  readonly settleMs: number;
  readonly until: 'empty' | 'idle' | undefined;
  readonly pollMs: number | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onSkip: NonNullable<InboxOptions['onSkip']>;
  readonly lock: LockOptions;
  readonly ttlMs: number;
  readonly ownerId: string;
}

export function resolveInboxOptions(options: InboxOptions): ResolvedInboxOptions {
  const { match, order = 'oldest', concurrency = 1, settle = '1s', until, poll, signal, onSkip, ...lock } = options;
  const { ttlMs, ownerId } = resolveLockOptions(lock);
  if (![undefined, 'empty', 'idle'].includes(until)) throw bad('until', until, "'empty' or 'idle'");
  if (onSkip !== undefined && typeof onSkip !== 'function') throw bad('onSkip', onSkip, 'a function');
  if (signal?.aborted !== true) resolveSignal(options);
  return {
    matches: matcherOf(match),
    compare: comparisonOf(order),
    concurrency: concurrencyOf({ concurrency }),
    settleMs: durationMs(settle, 'settle', { zero: true }),
    until,
    pollMs: poll === undefined ? undefined : durationMs(poll, 'poll', {}),
    signal,
    onSkip: onSkip ?? (() => undefined),
    lock,
    ttlMs,
    ownerId,
  };
}

function matcherOf(match: unknown): (name: string) => boolean {
  if (match === undefined) return () => true;
  if (typeof match === 'function') return (name) => Boolean((match as (name: string) => unknown)(name));
  // `search` begins at the beginning each time, whatever the flags.
  if (match instanceof RegExp) return (name) => name.search(match) !== -1;
  if (typeof match !== 'string' || match === '') {
    throw bad('match', match, "a pattern such as '*.csv', a regular expression or a function");
  }
  const pattern = match.replace(/[^*?]/gu, (character) => character.replace(/[\\^$.|+()[\]{}/-]/, '\\$&'));
  const whole = new RegExp(`^${pattern.replace(/\*+/g, '.*').replaceAll('?', '.')}$`, 'su');
  return (name) => whole.test(name);
}

const byName = (a: Entry, b: Entry): number => (a.path < b.path ? -1 : Number(a.path > b.path));

function comparisonOf(order: unknown): (a: Entry, b: Entry) => number {
  if (order === 'name') return byName;
  if (order === 'oldest') return (a, b) => a.modifiedMs - b.modifiedMs || byName(a, b);
  if (typeof order === 'function') return order as (a: Entry, b: Entry) => number;
  throw bad('order', order, "'oldest', 'name' or a comparison");
}

function bad(name: string, value: unknown, expected: string): LockOptionError {
  return new LockOptionError(`${name} must be ${expected}, not ${inspect(value, { depth: 0 })}`);
}
