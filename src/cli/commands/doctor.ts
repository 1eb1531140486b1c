import { doctor as diagnose, type Check, type Diagnosis } from '../../admin/doctor/doctor.js';
import { printable } from '../../lock/model/record.js';
import { DOCTOR_EXIT } from '../exit-codes.js';
import { Interrupted, signalExitCode, Signals } from '../signals.js';
import { jsonLine } from '../terminal/json.js';
import { print } from '../terminal/print.js';
import { printError } from '../terminal/print-error.js';
import { Progress } from '../terminal/progress.js';
import { columnsOf, screenOn, styled, type Style } from '../terminal/screen.js';
import { type Column, type Row, Table } from '../terminal/table.js';
import { wrapped } from '../terminal/text.js';
import type { ArgumentsOf } from '../usage/arguments.js';
import { openLocation } from '../usage/target.js';

const COLUMNS: readonly Column[] = [
  { title: 'FOUND' },
  { title: 'TRIED', cut: 'end', least: 12 },
  { title: 'MS', align: 'right', dropOrder: 1 },
];

const VERDICT_STYLES: Readonly<Record<Diagnosis['verdict'], Style>> = {
  safe: 'green',
  unsafe: 'red',
  unproved: 'yellow',
};

const CHECK_STYLES: Readonly<Record<Check['verdict'], Style>> = {
  ok: 'green',
  wrong: 'red',
  failed: 'yellow',
  none: 'yellow',
  note: 'dim',
};

/** Prints whether a store is safe to lock on and resolves with the exit code. */
export async function doctor({ location, json, quiet }: ArgumentsOf<'doctor'>): Promise<number> {
  const signals = new Signals();
  const folder = await openLocation(location);
  const progress = new Progress(!quiet);
  let tried = 0;
  const onCheck = ({ name }: Check): void => {
    tried += 1;
    progress.show(() => `tried ${tried}: ${printable(name)}`);
  };
  try {
    const diagnosis = await diagnose(folder, { onCheck, signal: signals.interrupted });
    progress.clear();
    if (!quiet) print(json ? jsonOf(diagnosis) : textOf(diagnosis));
    return DOCTOR_EXIT[diagnosis.verdict];
  } catch (error) {
    progress.clear();
    if (!(error instanceof Interrupted)) throw error;
    printError(`interrupted after ${tried} of the checks, so nothing is proved`);
    return signalExitCode(error.signal);
  }
}

function jsonOf({ clockAheadMs, checks, ...diagnosis }: Diagnosis): string {
  const rounded = checks.map((check) => ({ ...check, durationMs: tenths(check.durationMs) }));
  const roundTripMs = Object.fromEntries(Object.entries(diagnosis.roundTripMs).map(([name, ms]) => [name, tenths(ms)]));
  return jsonLine('diagnosis', { ...diagnosis, roundTripMs, clockAheadMs: clockAheadMs ?? null, checks: rounded });
}

function textOf({
  verdict,
  location,
  backend,
  words,
  checks,
  roundTripMs,
  clockAheadMs,
  leftBehind,
}: Diagnosis): string {
  const screen = screenOn(1);
  const columns = columnsOf(screen);
  const table = new Table(COLUMNS);
  const rows = checks.map((check): Row => [
    [check.verdict, CHECK_STYLES[check.verdict]],
    printable(check.name),
    String(Math.round(check.durationMs)),
  ]);
  const trips = Object.entries(roundTripMs).map(([name, ms]) => `${name} ${tenths(ms)}`);
  return [
    `${styled(verdict, VERDICT_STYLES[verdict], screen)}  ${printable(location)} (${backend})`,
    ...words.flatMap((each) => wrapped(printable(each), columns)),
    '',
    ...table.lines(rows, columns, screen, true),
    '',
    ...wrapped(`round trips in ms: ${trips.join(', ')}`, columns),
    ...wrapped(`the store's clock: ${describeClock(clockAheadMs)}`, columns),
    ...leftBehind.map((path) => `could not be removed: ${printable(path)}`),
    '',
  ].join('\n');
}

function describeClock(aheadMs: number | undefined): string {
  if (aheadMs === undefined) return 'none, so the age of a lock is watched';
  const ms = Math.round(Math.abs(aheadMs));
  return ms === 0 ? "the same as this machine's" : `${ms} ms ${aheadMs > 0 ? 'ahead of' : 'behind'} this machine's`;
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10;
}
