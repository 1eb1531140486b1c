import type { ExpectedColumn, ExpectedFile } from './audit.js';
import type { ObservedRefusal, ObservedTakeover } from './history.js';
import type { FinishedFile } from './ledger.js';
import { LEASE_MS, SUMMARY } from './settings.js';
import type { ColumnSummary } from './summary.js';
import type { WorkerExit } from './workers.js';

/** The worker that was killed, and how many rows of which file it had read. */
export interface KilledWorker {
  readonly worker: string;
  readonly pid: number;
  readonly file: string;
  readonly rows: number;
}

/** Everything that can be observed after the last worker has ended. */
export interface Outcome {
  readonly finished: readonly FinishedFile[];
  /** The files of which the ledger still has batches. */
  readonly unfinished: readonly string[];
  /** The names of all files in the inbox, including those in its archive. */
  readonly inbox: readonly string[];
  /** The names of the lock files left beside the database. */
  readonly locks: readonly string[];
  readonly exits: readonly WorkerExit[];
  readonly killed: KilledWorker | undefined;
  readonly takeovers: readonly ObservedTakeover[];
  /** The worker that was stopped past the lease of the summary, and then continued. */
  readonly stopped: string | undefined;
  readonly refusals: readonly ObservedRefusal[];
  /** What the summary says. */
  readonly summary: readonly FinishedFile[] | undefined;
}

/** Returns one sentence for each difference between what happened and what should have happened. */
export function findProblems(expected: readonly ExpectedFile[], outcome: Outcome): readonly string[] {
  return [
    ...expected.flatMap((file) => fileProblems(file, outcome.finished)),
    ...locationProblems(expected, outcome),
    ...exitProblems(outcome),
    ...takeoverProblems(outcome),
    ...summaryProblems(outcome),
  ];
}

function fileProblems(expected: ExpectedFile, all: readonly FinishedFile[]): string[] {
  const finished = all.filter(({ file }) => file === expected.file);
  const [first] = finished;
  if (first === undefined) return [`${expected.file} was never finished`];
  if (finished.length > 1) {
    const workers = finished.map(({ worker }) => worker).join(' and ');
    return [`${expected.file} was finished ${String(finished.length)} times, by ${workers}`];
  }
  const rows = first.rows === expected.rows ? [] : [differs(expected.file, 'rows', first.rows, expected.rows)];
  return [...rows, ...columnsProblems(expected, first)];
}

function columnsProblems({ file, columns }: ExpectedFile, finished: FinishedFile): string[] {
  if (columns.length !== finished.columns.length) {
    return [differs(file, 'columns', finished.columns.length, columns.length)];
  }
  return columns.flatMap((column, index) => {
    const found = finished.columns[index];
    return found === undefined ? [] : columnProblems(`${file}, column ${column.name}`, column, found);
  });
}

function columnProblems(where: string, expected: ExpectedColumn, found: ColumnSummary): string[] {
  const some = expected.numbers > 0;
  const exact = {
    name: expected.name,
    numbers: expected.numbers,
    low: some ? expected.low : null,
    high: some ? expected.high : null,
    checksum: expected.checksum,
  };
  const keys = Object.keys(exact) as (keyof typeof exact)[];
  const problems = keys
    .filter((key) => found[key] !== exact[key])
    .map((key) => differs(where, key, found[key], exact[key]));
  return isTotal(expected, found.total)
    ? problems
    : [...problems, differs(where, 'total', found.total, expected.total)];
}

/** The plain sum of a million numbers is more exact than this. One missing number is a larger difference. */
const ROUNDING = 1e-9;

function isTotal(expected: ExpectedColumn, found: number | null): boolean {
  if (expected.numbers === 0 || found === null) return expected.numbers === 0 && found === null;
  return Math.abs(found - expected.total) <= ROUNDING * expected.magnitude;
}

function differs(where: string, what: string, found: unknown, expected: unknown): string {
  return `${where}: ${what} is ${String(found)}, and should be ${String(expected)}`;
}

function locationProblems(
  expected: readonly ExpectedFile[],
  { finished, unfinished, inbox, locks }: Outcome,
): string[] {
  const files = new Set(expected.map(({ file }) => file));
  const places = new Set([...expected.map(({ file }) => `archive/${file}`), SUMMARY]);
  return [
    ...[...places].filter((place) => !inbox.includes(place)).map((place) => `${place} is missing`),
    ...inbox.filter((name) => !places.has(name)).map((name) => `${name} was left over in the inbox`),
    ...finished.filter(({ file }) => !files.has(file)).map(({ file }) => `${file} was finished, but never put in`),
    ...locks.map((name) => `${name} was left over at the ledger`),
    ...unfinished.map((file) => `unfinished work on ${file} was left over in the ledger`),
  ];
}

function exitProblems({ exits, killed }: Outcome): string[] {
  const wrong = exits.filter(({ worker, code, signal }) =>
    worker === killed?.worker ? signal !== 'SIGKILL' : code !== 0,
  );
  return wrong.map(({ worker, code, signal }) => `${worker} ended with ${signal ?? `exit code ${String(code)}`}`);
}

function takeoverProblems({ killed, takeovers }: Outcome): string[] {
  if (killed === undefined) return ['no worker was killed'];
  const [taken, ...more] = takeovers;
  if (taken === undefined) return [`nobody took ${killed.file} over from ${killed.worker}`];
  const { file, worker, takeover } = taken;
  const wrong = {
    'there were more takeovers than one': more.length > 0,
    [`${file} was taken over, and not ${killed.file}`]: file !== killed.file,
    [`${file} was taken over by ${worker}, which was dead`]: worker === killed.worker,
    [`${file} was taken over from process ${String(takeover.pid)}, and not ${String(killed.pid)}`]:
      takeover.pid !== killed.pid,
    [`${file} was taken over for the reason ${takeover.reason}, and not dead-process`]:
      takeover.reason !== 'dead-process',
    [`${file} was taken over only when its lease was half over`]: !(takeover.leaseLeftMs > LEASE_MS / 2),
    [`${file} was taken over without clearing away its ${String(killed.rows)} rows`]:
      takeover.discardedRows < killed.rows,
  };
  return Object.entries(wrong).flatMap(([problem, isSo]) => (isSo ? [problem] : []));
}

function summaryProblems({ stopped, refusals, summary, finished }: Outcome): string[] {
  if (stopped === undefined) return ['no worker was stopped'];
  const late = refusals.find(({ worker }) => worker === stopped)?.late;
  const refused =
    late !== undefined && BigInt(late.by) > BigInt(late.token)
      ? []
      : [`${stopped} was stopped past its lease, and its late write was not refused`];
  return isSame(summary, finished) ? refused : [...refused, `the figures in ${SUMMARY} are not those of the ledger`];
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
