/** What TLC has to find, in which model, under which limits. */
export type Check = TrueModel | Variant;

type Limits = Readonly<Record<string, string | number | boolean>>;

interface Named {
  readonly module: 'Record' | 'Swap';
  readonly name: string;
  readonly limits: Limits;
}

interface TrueModel extends Named {
  /** How many different states there are. */
  readonly states: number;
}

/** A model with one rule broken, as a real program broke it. */
interface Variant extends Named {
  readonly breaks: string;
}

const PROMISES = { Record: 'Exclusion TokenOrder NoLiveLockRemoved', Swap: 'ComparedAndSwapped' } as const;

const record = { Procs: '{a, b}', Nobody: 'Nobody', Lease: 2, MaxId: 3, Deaths: 1, Forces: 1, Lates: 1 };
const FENCED = { ...record, Tombstones: true, Fencing: true };
const BURIED = { ...record, Tombstones: true, Fencing: false };
const REMOVED = { ...record, Tombstones: false, Fencing: false };
const DEEP = { ...FENCED, MaxId: 4 };
const SWAP = { Procs: '{a, b}', MaxRec: 3, MaxEntry: 2, MaxFolder: 2, Hangs: 1 };

const bugOfRecord = (name: string, breaks: string): Variant => ({ module: 'Record', name, limits: DEEP, breaks });
const bugOfSwap = (name: string): Variant => ({ module: 'Swap', name, limits: SWAP, breaks: 'ComparedAndSwapped' });

export const CHECKS: readonly Check[] = [
  { module: 'Record', name: 'fencing', limits: FENCED, states: 140_896 },
  { module: 'Record', name: 'release by tombstone', limits: BURIED, states: 142_318 },
  { module: 'Record', name: 'release by removal', limits: REMOVED, states: 166_538 },
  { module: 'Record', name: 'fencing, longer runs', limits: { ...DEEP, Deaths: 0, Forces: 0 }, states: 175_872 },
  { module: 'Swap', name: 'two processes', limits: SWAP, states: 60_991 },

  // SlateDB #352 and #1622: with the record the count is gone, and a token is given twice.
  bugOfRecord('release by delete', 'TokenOrder'),
  bugOfRecord('sweep of tombstones', 'TokenOrder'),
  // A slow answer makes the holder believe in a lease that the store began to count earlier.
  bugOfRecord('deadline from the answer', 'Exclusion'),
  bugOfRecord('holder while releasing', 'Exclusion'),
  bugOfRecord('tombstone taken for ours', 'Exclusion'),
  // The lock of somebody who has time left is evicted.
  bugOfRecord('early steal', 'NoLiveLockRemoved'),
  // c2fo's lockfile: release without ownership.
  bugOfRecord('release without compare', 'NoLiveLockRemoved'),
  // s3-mutex: the cleanup deletes live, renewed locks.
  bugOfRecord('sweep without compare', 'NoLiveLockRemoved'),
  // kwojcicki/s3-lock: the same bytes are the same version (ABA).
  bugOfRecord('constant body', 'NoLiveLockRemoved'),

  // proper-lockfile #121, and every library that deletes what it read before.
  bugOfSwap('read, compare, unlink'),
  bugOfSwap('act from outside the entry'),
  bugOfSwap('no fence'),
  bugOfSwap('fence after the judge'),
  bugOfSwap('folder made again'),
  bugOfSwap('fallback without compare'),
  bugOfSwap('two own acts'),
];

/** The configuration file for TLC. */
export function configOf(check: Check): string {
  const bug = 'breaks' in check ? check.name : 'none';
  // A variant often breaks several promises, and which of them first depends on the threads.
  const promises = 'breaks' in check ? check.breaks : PROMISES[check.module];
  const values = Object.entries({ ...check.limits, Bug: `"${bug}"` });
  const constants = values.map(([name, value]) => `  ${name} = ${typeof value === 'boolean' ? upper(value) : value}`);
  const head = ['SPECIFICATION Spec', 'SYMMETRY Symmetry', `INVARIANTS ${promises}`, 'CONSTANTS'];
  return `${[...head, ...constants].join('\n')}\n`;
}

const upper = (value: boolean): string => String(value).toUpperCase();
