import type { Listed } from '../../admin/list.js';
import { STATE_STYLES } from './state-styles.js';

type State = Listed['state'];

export const STATES = Object.keys(STATE_STYLES) as readonly State[];

/** By what a list of locks can be sorted. */
export const SORTS = ['file', 'state', 'owner', 'age', 'expires'] as const;
export type Sort = (typeof SORTS)[number];

/** Which locks a list shows. */
export interface Selection {
  /** Undefined: all but tombstones. */
  readonly states: readonly State[] | undefined;
  readonly owner: string | undefined;
  readonly olderThanMs: number | undefined;
}

/** Whether a list shows a lock. A lock of unknown age is not known to be older than anything. */
export function matcherOf({ states, owner, olderThanMs }: Selection): (listed: Listed) => boolean {
  return ({ state, record, ageMs = 0 }) =>
    (states?.includes(state) ?? state !== 'released') &&
    (owner === undefined || record?.ownerId === owner) &&
    (olderThanMs === undefined || ageMs >= olderThanMs);
}

/** What is compared, from the most to the least important. */
export type SortKeys = readonly (string | number)[];

/** Those that need somebody come first by state, the oldest by age, the next to end by expiry; then by name. */
export function sortKeysOf(sort: Sort): (listed: Listed, name: string) => SortKeys {
  const keysOf = KEYS[sort];
  return (listed, name) => [...keysOf(listed), name];
}

/** For `sort`: by the first keys that differ. */
export function compareKeys(one: SortKeys, other: SortKeys): number {
  for (const [i, key] of one.entries()) {
    const against = other[i] ?? key;
    if (key !== against) return key < against ? -1 : 1;
  }
  return 0;
}

const URGENCY: readonly State[] = ['stale', 'unreadable', 'foreign', 'held', 'released', 'free'];

const KEYS: Readonly<Record<Sort, (listed: Listed) => SortKeys>> = {
  file: () => [],
  // Ages are not measured at one moment: by their milliseconds, rows of a live table would change places all the time.
  state: ({ state, ageMs = -1 }) => [URGENCY.indexOf(state), -Math.floor(ageMs / 60_000)],
  owner: ({ record }) => [record?.ownerId ?? ''],
  age: ({ ageMs = -1 }) => [-ageMs],
  expires: ({ state, expiresInMs = Infinity }) => [state === 'stale' ? -1 : expiresInMs],
};

/** How many locks are in which state, such as `428 held, 72 stale`. */
export function countsText(counts: ReadonlyMap<State, number>): string {
  const counted = STATES.filter((state) => counts.has(state));
  return counted.map((state) => `${counts.get(state) ?? 0} ${state}`).join(', ');
}
