import type { Listed } from '../../admin/list.js';
import { describeForeign } from '../../lock/model/foreign.js';
import { describeCommand, renewedForMs } from '../../lock/model/holder.js';
import { describeProgress } from '../../lock/model/progress-text.js';
import { printable } from '../../lock/model/record.js';
import { formatSpan } from '../../util/duration.js';
import { STATE_STYLES } from './state-styles.js';
import type { Column, Row } from './table.js';

const COLUMNS: readonly Column[] = [
  { title: 'STATE', cut: 'end', least: 5 },
  { title: 'FILE', cut: 'path' },
  { title: 'OWNER', cut: 'end', least: 8, dropOrder: 7 },
  { title: 'HOST', cut: 'end', least: 8, dropOrder: 6 },
  { title: 'PID', align: 'right', dropOrder: 5 },
  { title: 'COMMAND', cut: 'end', least: 12, dropOrder: 0 },
  { title: 'AGE', align: 'right', dropOrder: 4 },
  { title: 'RENEWED', align: 'right', dropOrder: 1 },
  { title: 'EXPIRES', align: 'right', dropOrder: 3 },
  { title: 'WHY', dropOrder: 2 },
];

/** What every list of locks shows. On a narrow terminal the columns with the lowest numbers go first. */
export const LOCK_COLUMNS: readonly Column[] = [...COLUMNS, { title: 'WAITERS', dropOrder: 8, onlyFilled: true }];

/** With `-o wide`. */
export const WIDE_COLUMNS: readonly Column[] = [
  ...COLUMNS,
  ...['WAITERS', 'USER', 'RENEWALS', 'ID', 'NOTE', 'LOCK', 'PROGRESS'].map((title) => ({ title })),
];

/** One lock as a row of `WIDE_COLUMNS`, which begins as one of `LOCK_COLUMNS`. `name` is what FILE shows. */
export function rowOf(listed: Listed, name: string): Row {
  const { state, reason, record, foreign, timed, ageMs, error } = listed;
  const isHeld = state === 'held' || state === 'stale' || (state === 'unreadable' && error === undefined);
  const holder = isHeld ? record : undefined;
  const known = isHeld && timed && ageMs !== undefined;
  return [
    [state, STATE_STYLES[state]],
    printable(name),
    printable(holder?.ownerId ?? ''),
    holder ? printable(holder.hostname) : foreign ? describeForeign(foreign) : '',
    holder && holder.pid !== 0 ? String(holder.pid) : '',
    describeCommand(holder?.command ?? []),
    known ? formatSpan(ageMs) : '',
    known && holder && holder.renewals > 0 ? formatSpan(ageMs - renewedForMs(holder)) : '',
    isHeld ? describeExpiry(listed) : '',
    error?.code ?? reason ?? '',
    describeWaiters(listed.waiters),
    printable(holder?.user ?? ''),
    holder ? String(holder.renewals) : '',
    printable(listed.id ?? ''),
    holder?.note ? printable(JSON.stringify(holder.note)) : '',
    printable(listed.path),
    describeProgress(holder, known ? ageMs : undefined) ?? '',
  ];
}

/** How many wait, and the longest of them for how long. */
function describeWaiters(waiters: Listed['waiters'] = []): string {
  const [longest] = waiters;
  return longest === undefined ? '' : `${waiters.length} (${formatSpan(longest.waitedMs)})`;
}

/** When the lock may be taken over unless it is renewed. A stale one may be taken over now, whatever is left of its lease. */
function describeExpiry({ state, timed, expiresInMs = 0 }: Listed): string {
  if (state === 'stale') return 'now';
  if (expiresInMs === Infinity) return 'never';
  return `${timed ? '' : '<'}${formatSpan(expiresInMs)}`;
}
