import { inspect } from 'node:util';

import { durationMs, type Duration } from '../util/duration.js';
import {
  checkedLater,
  checkOptions,
  DURATION,
  FUNCTION,
  NUMBER,
  SIGNAL,
  type OptionKinds,
} from '../util/option-check.js';
import { LockOptionError } from '../util/option-error.js';
import type { VfsFile } from '../vfs/file.js';
import { LOCK_OPTIONS, resolveLockOptions, type LockOptions } from '../lock/model/options.js';
import type { Entry } from '../vfs/vfs.js';
import { IGNORED_NAMES } from './ignored.js';
import { concurrencyOf } from '../util/in-parallel.js';

/** Which file names are meant: a pattern with `*` and `?`, a regular expression, or a function. */
export type NameMatcher = string | RegExp | ((name: string) => boolean);

/** Options of `inbox`: which files are claimed and when. The options of a lock say how their locks are held. */
export interface InboxOptions extends LockOptions {
  /**
   * Which file names are claimed: a pattern with `*` and `?` such as `'*.csv'`, a regular expression, or a function.
   * @default all that `ignore` does not exclude
   */
  readonly match?: NameMatcher | undefined;
  /**
   * Which file names are never claimed; false: none. The default excludes names that other programs give to unfinished or hidden
   * files: `.*` (such as `.nfs...` and the `.x.csv.Ab12` of rsync), `~$*`, `*.tmp`, `*.temp`, `*.part`, `*.partial`, `*.filepart`,
   * `*.crdownload`, `*._COPYING_`, `*.camelLock` and the `*.error.json` of `fail`. Upper and lower case are the same there. The names
   * of this library's own files are never claimed.
   * @default that list without `match`; nothing with `match`
   */
  readonly ignore?: NameMatcher | readonly NameMatcher[] | false | undefined;
  /**
   * How often a file may be claimed without being archived or failed, whether its worker released it or was killed. The next time
   * it is not yielded, but moved to `failed`. Counting costs a small file beside each claimed one, which `archive` and `fail` remove.
   * The count of a replaced file starts again.
   * @default no limit, and nothing is counted
   */
  readonly maxAttempts?: number | undefined;
  /**
   * Where files go that were claimed `maxAttempts` times: a path as `claim.fail` takes it.
   * @default 'failed/'
   */
  readonly failed?: string | undefined;
  /**
   * Which file is claimed first: the one with the oldest modification time, the first by name, or the first by a comparison.
   * @default 'oldest'
   */
  readonly order?: 'oldest' | 'name' | ((a: Entry, b: Entry) => number) | undefined;
  /**
   * How many claims may be open at the same time. With 1, the next iteration releases the previous claim.
   * @default 1
   */
  readonly concurrency?: number | undefined;
  /**
   * How long the size and modification time of a file must stay the same before it is claimed: milliseconds or a duration string.
   * 0: files are claimed at once.
   * @default '1s'
   */
  readonly settle?: Duration | undefined;
  /**
   * When the iteration ends. `'empty'`: when no matching file is left, including those that other workers hold. `'idle'`: when no file
   * can be claimed.
   * @default never, except by `signal`
   */
  readonly until?: 'empty' | 'idle' | undefined;
  /**
   * How long to pause when no file could be claimed: milliseconds or a duration string.
   * @default the longest poll interval of the store, one second on a disk
   */
  readonly poll?: Duration | undefined;
  /**
   * Ends the iteration: nothing more is claimed. The current claim stays valid and can be finished.
   * @default none
   */
  readonly signal?: AbortSignal | undefined;
  /**
   * Called each time a file is skipped, with the reason.
   * @default none
   */
  readonly onSkip?: ((file: VfsFile, reason: SkipReason, error?: unknown) => void) | undefined;
}

/**
 * Why a file was skipped. `'held'`: another worker holds its lock. `'growing'`: it has not been unchanged for `settle`. `'vanished'`: it
 * was moved or deleted meanwhile. `'unlockable'`: it cannot be locked, for example because its name is too long, or its
 * lock file belongs to another program. `'given-up'`: it was claimed `maxAttempts` times, and has been moved to `failed`, unless an
 * error is given.
 */
export type SkipReason = 'held' | 'growing' | 'vanished' | 'unlockable' | 'given-up';

/** The checked options, with every default except those of the store. */
export interface ResolvedInboxOptions {
  readonly matches: (name: string) => boolean;
  readonly compare: (a: Entry, b: Entry) => number;
  readonly concurrency: number;
  readonly maxAttempts: number;
  readonly failed: string;
  readonly settleMs: number;
  readonly until: 'empty' | 'idle' | undefined;
  readonly pollMs: number | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onSkip: NonNullable<InboxOptions['onSkip']>;
  readonly lock: LockOptions;
  readonly ttlMs: number;
  readonly ownerId: string;
}

const INBOX_OPTIONS: OptionKinds<InboxOptions> = {
  ...LOCK_OPTIONS,
  match: checkedLater("a pattern such as '*.csv', a regular expression or a function"),
  ignore: checkedLater('one or more patterns, or false'),
  maxAttempts: NUMBER,
  failed: checkedLater("a path such as 'failed/'"),
  order: checkedLater("'oldest', 'name' or a comparison"),
  concurrency: NUMBER,
  settle: DURATION,
  until: checkedLater("'empty' or 'idle'"),
  poll: DURATION,
  signal: SIGNAL,
  onSkip: FUNCTION,
};

export function resolveInboxOptions(options: InboxOptions): ResolvedInboxOptions {
  checkOptions('inbox', options, INBOX_OPTIONS);
  const {
    match,
    ignore,
    order = 'oldest',
    concurrency = 1,
    settle = '1s',
    until,
    poll,
    signal,
    onSkip,
    ...more
  } = options;
  const { maxAttempts = Infinity, failed = 'failed/', ...lock } = more;
  const { ttlMs, ownerId } = resolveLockOptions(lock);
  if (![undefined, 'empty', 'idle'].includes(until)) throw bad('until', until, "'empty' or 'idle'");
  if (maxAttempts !== Infinity && !(Number.isSafeInteger(maxAttempts) && maxAttempts > 0)) {
    throw bad('maxAttempts', maxAttempts, 'a whole number from 1 on');
  }
  if (typeof failed !== 'string' || failed === '') throw bad('failed', failed, "a path such as 'failed/'");
  return {
    matches: matcherOf(match, ignore),
    compare: comparisonOf(order),
    concurrency: concurrencyOf({ concurrency }),
    maxAttempts,
    failed,
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

function matcherOf(match: unknown, ignore: unknown): (name: string) => boolean {
  const matches = match === undefined ? () => true : matcher('match', match);
  const given = ignore ?? (match === undefined ? isIgnored : false);
  const ignores = (Array.isArray(given) ? given : given === false ? [] : [given]).map((each) =>
    matcher('ignore', each),
  );
  return (name) => matches(name) && !ignores.some((ignored) => ignored(name));
}

const IGNORED = IGNORED_NAMES.map((pattern) => new RegExp(wholeName(pattern), 'isu'));

function isIgnored(name: string): boolean {
  return IGNORED.some((pattern) => pattern.test(name));
}

function matcher(option: string, value: unknown): (name: string) => boolean {
  if (typeof value === 'function') return (name) => Boolean((value as (name: string) => unknown)(name));
  // `test` would start at `lastIndex` with the flags g and y; `search` always starts at 0.
  if (value instanceof RegExp) return (name) => name.search(value) !== -1;
  if (typeof value !== 'string' || value === '') {
    throw bad(option, value, "a pattern such as '*.csv', a regular expression or a function");
  }
  const whole = new RegExp(wholeName(value), 'su');
  return (name) => whole.test(name);
}

function wholeName(pattern: string): string {
  const literal = pattern.replace(/[^*?]/gu, (character) => character.replace(/[\\^$.|+()[\]{}/-]/, '\\$&'));
  return `^${literal.replace(/\*+/g, '.*').replaceAll('?', '.')}$`;
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
