import { describeHolder } from '../../lock/model/holder.js';
import type { Folder } from '../../vfs/path.js';
import { sweep as sweepFolder, type SweepTotals } from '../../admin/sweep.js';
import type { Swept } from '../../admin/sweeper.js';
import { printable } from '../../lock/model/record.js';
import type { SweepArguments } from '../usage/arguments.js';
import { printError } from '../usage/print-error.js';
import { EXIT } from '../exit-codes.js';
import { harmlessJson, wholeMs } from '../terminal/lock-text.js';
import { nameIn } from '../terminal/lock-rows.js';
import { print } from '../terminal/print.js';
import { Progress } from '../terminal/progress.js';
import { Rows } from '../terminal/rows.js';
import { Interrupted, signalExitCode, Signals } from '../guardian/signals.js';
import { type Cell, type Column, Table } from '../terminal/table.js';
import { openPlace, shownFolder } from '../usage/target.js';
import { resolveSweepOptions } from '../usage/settings.js';
import { spanOf, type Style } from '../terminal/terminal.js';

const COLUMNS: readonly Column[] = [
  { title: 'DONE', cut: 'end', least: 5 },
  { title: 'WHAT', cut: 'start', least: 8 },
  { title: 'WHY', spare: 3 },
  { title: 'IDLE', align: 'right', spare: 1 },
  { title: 'HOLDER', cut: 'end', least: 8, spare: 0 },
];

const STYLES: Readonly<Record<Swept['action'], Style>> = {
  removed: 'green',
  released: 'green',
  'would-remove': 'yellow',
  left: 'dim',
};

/** Removes what nobody needs in a folder, tells of it, and resolves with the exit code. */
export async function sweep(args: SweepArguments): Promise<number> {
  const terms = resolveSweepOptions(args);
  const signals = new Signals();
  const folder = await openPlace(args.location);
  const progress = new Progress(!args.quiet);
  const rows = new Rows(new Table(COLUMNS), progress);
  const sweeping = sweepFolder(folder, { ...terms, signal: signals.interrupted });
  const end = (): void => {
    rows.flush();
    progress.clear();
  };
  try {
    for await (const swept of sweeping) {
      if (args.json && !args.quiet) print(`${jsonOf(swept)}\n`);
      else if (!args.quiet && isNews(swept, args)) rows.add(rowOf(swept, folder));
      if (swept.error !== undefined) complainOf(swept, end);
      progress.tell(() => summaryOf(sweeping.totals, args.dryRun));
    }
    end();
    if (!args.quiet && !args.json) print(`${summaryOf(sweeping.totals, args.dryRun)}\n`);
    return sweeping.totals.failed > 0 ? EXIT.failed : 0;
  } catch (error) {
    end();
    if (!(error instanceof Interrupted)) throw error;
    printError(`interrupted in ${shownFolder(folder)}: ${summaryOf(sweeping.totals, args.dryRun)} so far`);
    return signalExitCode(error.signal);
  }
}

/** What was left as it should be is told only to those who ask for all. */
function isNews({ action, reason }: Swept, { all }: SweepArguments): boolean {
  return all || action !== 'left' || reason === 'changed' || reason === 'failed';
}

function complainOf({ path, error }: Swept, makeRoom: () => void): void {
  makeRoom();
  printError(error instanceof Error ? error.message : path);
}

function rowOf({ action, reason, kind, path, file, record, idleMs }: Swept, folder: Folder): readonly Cell[] {
  const root = shownFolder(folder);
  const name = file
    ? `${nameIn(folder, file.path)}.lock`
    : path.startsWith(`${root}/`)
      ? path.slice(root.length + 1)
      : path;
  return [
    [action, STYLES[action]],
    `${printable(name)}${kind === 'folder' ? '/' : ''}`,
    reason,
    idleMs === undefined ? '' : spanOf(idleMs),
    record ? describeHolder(record) : '',
  ];
}

function jsonOf({ kind, action, reason, path, file, record, idleMs, error }: Swept): string {
  return harmlessJson({
    action,
    reason,
    kind,
    path,
    file: file?.toString() ?? null,
    lockId: record?.lockId ?? null,
    ownerId: record?.ownerId ?? null,
    idleMs: wholeMs(idleMs),
    ...(error instanceof Error && { error: error.message }),
  });
}

function summaryOf({ removed, released, left, reasons }: SweepTotals, dryRun: boolean): string {
  const why = Object.entries(reasons).map(([reason, count]) => `${count} ${reason}`);
  const freed = released > 0 ? `, released ${released}` : '';
  const done = `${dryRun ? 'would remove' : 'removed'} ${removed}${freed}, left ${left}`;
  return why.length > 0 ? `${done}; in all ${why.join(', ')}` : done;
}
