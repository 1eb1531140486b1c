import type { Durations, HistoryEntry, HistoryStatistics } from '../../../journal/index.js';
import { describeCommand } from '../../../lock/model/holder.js';
import { printable } from '../../../lock/model/record.js';
import { formatTime } from '../../terminal/time-text.js';
import type { Style } from '../../terminal/screen.js';
import type { Column, Row } from '../../terminal/table.js';

export const HISTORY_COLUMNS: readonly Column[] = [
  { title: 'AT' },
  { title: 'EVENT' },
  { title: 'FILE', cut: 'start', least: 8 },
  { title: 'OWNER', cut: 'end', least: 8, dropOrder: 3 },
  { title: 'HOST', cut: 'end', least: 8, dropOrder: 0 },
  { title: 'PID', align: 'right', dropOrder: 1 },
  { title: 'TOOK', align: 'right', dropOrder: 2 },
  { title: 'WHY', cut: 'end', least: 8, dropOrder: 4 },
];

const STYLES: Readonly<Partial<Record<HistoryEntry['event'], Style>>> = {
  ...{ acquire: 'green', steal: 'yellow', lost: 'red', 'force-release': 'red', timeout: 'yellow', fail: 'red' },
  ...{ wait: 'dim', renew: 'dim' },
};

/** One entry as a row of `HISTORY_COLUMNS`. */
export function rowOf(entry: HistoryEntry, prefix: string): Row {
  const { at, event, lock, ownerId, hostname, pid, durationMs } = entry;
  const file = (lock.startsWith(prefix) ? lock.slice(prefix.length) : lock).replace(/\.lock$/, '');
  const style = STYLES[event];
  return [
    formatTime(at),
    style ? [event, style] : event,
    printable(file),
    printable(ownerId),
    printable(hostname),
    String(pid),
    spanText(durationMs),
    printable(reasonOf(entry)),
  ];
}

function reasonOf({ event, reason, from, by, error, command }: HistoryEntry): string {
  if (event === 'steal' && from)
    return `${reason}, from ${from.ownerId || 'nobody'} at ${from.hostname} pid ${from.pid}`;
  if (by !== undefined) return reason === '' ? `by ${by}` : `by ${by}: ${reason}`;
  if (command) return `${reason}, for ${describeCommand(command)}`;
  return error === undefined ? reason : `${reason}: ${error}`;
}

/** The numbers of a history, for people. */
export function numbersOf({ wait, hold }: HistoryStatistics): readonly string[] {
  return [line('waited', wait), line('held', hold)];
}

function line(name: string, { count, p50, p90, p99, max }: Durations): string {
  if (count === 0) return `${name}  never`;
  const [half, ninety, most, longest] = [p50, p90, p99, max].map(spanText);
  return `${name.padEnd(6)}  ${count} times: p50 ${half}, p90 ${ninety}, p99 ${most}, longest ${longest}`;
}

/** The same for programs. */
export function totalsJson(
  title: string,
  { events, wait, hold, dropped }: HistoryStatistics,
  skipped: number,
): Readonly<Record<string, unknown>> {
  return { of: title, events, waitMs: wait, holdMs: hold, dropped, skipped };
}

function spanText(ms: number): string {
  if (ms < 10) return `${Math.round(ms * 10) / 10}ms`;
  if (ms < 1000) return `${Math.round(ms)}ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)}s`;
  return ms < 3_600_000 ? `${(ms / 60_000).toFixed(1)}m` : `${(ms / 3_600_000).toFixed(1)}h`;
}
