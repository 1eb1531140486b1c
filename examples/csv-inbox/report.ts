import type { ExpectedFile } from './audit.js';
import type { History } from './history.js';
import { count } from './screen.js';
import { table } from './table.js';
import type { Outcome } from './checks.js';

/** Two tables: what happened to each file, and what each worker did. */
export function report(expected: readonly ExpectedFile[], outcome: Outcome, history: History): string {
  return `${filesTable(expected, outcome, history)}\n\n${workersTable(outcome, history)}`;
}

function filesTable(expected: readonly ExpectedFile[], { finished, takeovers }: Outcome, history: History): string {
  const body = expected.map(({ file }) => {
    const done = finished.filter((one) => one.file === file);
    const { ms, skipped } = history.file(file);
    const takeover = takeovers.find((one) => one.file === file)?.takeover;
    return [
      file,
      String(done.length),
      done.map(({ worker }) => worker).join(', '),
      count(done[0]?.rows ?? 0),
      count(done[0]?.columns.length ?? 0),
      seconds(ms),
      count(skipped),
      takeover === undefined ? '' : `${takeover.reason} ${String(takeover.pid)}`,
    ];
  });
  return table(['file', 'times', 'by', 'rows', 'columns', 'seconds', 'found locked', 'taken over from'], body);
}

function workersTable({ finished, exits }: Outcome, history: History): string {
  const body = exits.map(({ worker, pid, code, signal }) => {
    const done = finished.filter((one) => one.worker === worker);
    const { waits, waitedMs } = history.worker(worker);
    return [
      worker,
      String(pid),
      count(done.length),
      count(done.reduce((rows, file) => rows + file.rows, 0)),
      count(waits),
      seconds(waitedMs),
      signal ?? `exit code ${String(code)}`,
    ];
  });
  return table(['worker', 'process', 'files', 'rows', 'waits for the ledger', 'seconds waited', 'ended with'], body);
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(2);
}
