import { sweep as sweepFolder, type SweepTotals } from '../../admin/sweep.js';
import type { Swept } from '../../admin/sweeper.js';
import { printable } from '../../lock/model/record.js';
import type { Folder } from '../../vfs/path.js';
import { EXIT } from '../exit-codes.js';
import { Interrupted, signalExitCode, Signals } from '../signals.js';
import { displayPath, relativePath } from '../terminal/display-path.js';
import { jsonLine, recordJson, spanJson } from '../terminal/json.js';
import { print } from '../terminal/print.js';
import { printError } from '../terminal/print-error.js';
import { Progress } from '../terminal/progress.js';
import { RowPrinter } from '../terminal/row-printer.js';
import type { Style } from '../terminal/screen.js';
import { type Column, type Row, Table } from '../terminal/table.js';
import { formatSpan } from '../../util/duration.js';
import type { ArgumentsOf } from '../usage/arguments.js';
import { resolveSweepOptions } from '../usage/settings.js';
import { openLocation } from '../usage/target.js';

const COLUMNS: readonly Column[] = [
  { title: 'DONE', cut: 'end', least: 5 },
  { title: 'WHAT', cut: 'path' },
  { title: 'WHY', dropOrder: 4 },
  { title: 'IDLE', align: 'right', dropOrder: 3 },
  { title: 'OWNER', cut: 'end', least: 8, dropOrder: 2 },
  { title: 'HOST', cut: 'end', least: 8, dropOrder: 1 },
  { title: 'PID', align: 'right', dropOrder: 0 },
];

const STYLES: Readonly<Record<Swept['action'], Style>> = {
  removed: 'green',
  released: 'green',
  'would-remove': 'yellow',
  left: 'dim',
};

/** Removes stale locks and leftovers in a folder, prints what it did, and resolves with the exit code. */
export async function sweep(args: ArgumentsOf<'sweep'>): Promise<number> {
  const options = resolveSweepOptions(args);
  const signals = new Signals();
  const folder = await openLocation(args.location);
  const progress = new Progress(!args.quiet);
  const rows = new RowPrinter(new Table(COLUMNS), progress, { headers: !args.noHeaders });
  const sweeping = sweepFolder(folder, { ...options, signal: signals.interrupted });
  const flush = (): void => {
    rows.flush();
    progress.clear();
  };
  try {
    for await (const swept of sweeping) {
      if (args.json && !args.quiet) print(jsonOf(swept));
      else if (!args.quiet && isWorthARow(swept, args)) rows.add(rowOf(swept, folder));
      if (swept.error !== undefined) {
        flush();
        printError(swept.error instanceof Error ? swept.error.message : swept.path);
      }
      progress.show(() => summaryOf(sweeping.totals, args.dryRun));
    }
    flush();
    if (!args.quiet) {
      const { totals } = sweeping;
      print(args.json ? jsonLine('sweep-totals', totals) : `${summaryOf(totals, args.dryRun)}\n`);
    }
    return sweeping.totals.failed > 0 ? EXIT.failed : 0;
  } catch (error) {
    flush();
    if (!(error instanceof Interrupted)) throw error;
    printError(`interrupted in ${displayPath(folder)}: ${summaryOf(sweeping.totals, args.dryRun)} so far`);
    return signalExitCode(error.signal);
  }
}

/** A file that was kept for a normal reason has a row only with `--all`. */
function isWorthARow({ action, reason }: Swept, { all }: ArgumentsOf<'sweep'>): boolean {
  return all || action !== 'left' || reason === 'changed' || reason === 'failed';
}

function rowOf({ action, reason, kind, path, file, record, idleMs }: Swept, folder: Folder): Row {
  const root = displayPath(folder);
  const name = file
    ? `${relativePath(folder, file.path)}.lock`
    : path.startsWith(`${root}/`)
      ? path.slice(root.length + 1)
      : path;
  return [
    [action, STYLES[action]],
    `${printable(name)}${kind === 'folder' ? '/' : ''}`,
    reason,
    idleMs === undefined ? '' : formatSpan(idleMs),
    printable(record?.ownerId ?? ''),
    printable(record?.hostname ?? ''),
    record && record.pid !== 0 ? String(record.pid) : '',
  ];
}

function jsonOf({ kind, action, reason, path, file, record, idleMs, error }: Swept): string {
  return jsonLine('swept', {
    ...{ action, reason, kind, path, file: file?.toString() ?? null },
    record: recordJson(record),
    idleMs: spanJson(idleMs),
    error: error instanceof Error ? error.message : null,
  });
}

function summaryOf({ removed, released, left, reasons }: SweepTotals, dryRun: boolean): string {
  const why = Object.entries(reasons).map(([reason, count]) => `${count} ${reason}`);
  const freed = released > 0 ? `, released ${released}` : '';
  const done = `${dryRun ? 'would remove' : 'removed'} ${removed}${freed}, left ${left}`;
  return why.length > 0 ? `${done}; in all ${why.join(', ')}` : done;
}
