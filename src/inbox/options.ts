import { inspect } from 'node:util';

import { durationMs, type Duration } from '../util/duration.js';
import { LockOptionError } from '../util/option-error.js';
import type { VfsFile } from '../vfs/file.js';
import { resolveSignal, resolveLockOptions, type LockOptions } from '../lock/model/options.js';
import type { Entry } from '../vfs/vfs.js';
import { concurrencyOf } from '../util/in-parallel.js';

/** Options of `inbox`: which files are claimed and when. The options of a lock say how their locks are held. */
export interface InboxOptions extends LockOptions {
  /**
   * Which file names are claimed: a pattern with `*` and `?` such as `'*.csv'`, a regular expression, or a function.
   * @default all
   */
  readonly match?: string | RegExp | ((name: string) => boolean);
  /**
   * Which file is claimed first: the one with the oldest modification time, the first by name, or the first by a comparison.
   * @default 'oldest'
   */
  readonly order?: 'oldest' | 'name' | ((a: Entry, b: Entry) => number);
  /**
   * How many claims may be open at the same time. With 1, the next iteration releases the previous claim.
   * @default 1
   */
  readonly concurrency?: number;
  /**
   * How long the size and modification time of a file must stay the same before it is claimed: milliseconds or a duration string.
   * 0: files are claimed at once.
   * @default '1s'
   */
  readonly settle?: Duration;
  /**
   * When the iteration ends. `'empty'`: when no matching file is left, including those that other workers hold. `'idle'`: when no file
   * can be claimed.
   * @default never, except by `signal`
   */
  readonly until?: 'empty' | 'idle';
  /**
   * How long to pause when no file could be claimed: milliseconds or a duration string.
   * @default the longest poll interval of the store, one second on a disk
   */
  readonly poll?: Duration;
  /**
   * Ends the iteration: nothing more is claimed. The current claim stays valid and can be finished.
   * @default none
   */
  readonly signal?: AbortSignal;
  /**
   * Called each time a file is skipped, with the reason.
   * @default none
   */
  readonly onSkip?: (file: VfsFile, reason: SkipReason, error?: unknown) => void;
}

/**
 * Why a file was skipped. `'held'`: another worker holds its lock. `'growing'`: it has not been unchanged for `settle`. `'vanished'`: it
 * was moved or deleted meanwhile. `'unlockable'`: it cannot be locked, for example because its name is too long, or its
 * lock file belongs to another program.
 */
export type SkipReason = 'held' | 'growing' | 'vanished' | 'unlockable';

/** The checked options, with every default except those of the store. */
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
  // `test` would start at `lastIndex` with the flags g and y; `search` always starts at 0.
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
