import { describeHolder } from '../../lock/model/holder.js';
import type { Listed } from '../../admin/list.js';
import type { Folder } from '../../vfs/path.js';
import { printable } from '../../lock/model/record.js';
import { leaseWords, STATE_STYLES } from './lock-text.js';
import type { Cell, Column } from './table.js';
import { spanOf } from './terminal.js';

export const LOCK_COLUMNS: readonly Column[] = [
  { title: 'STATE', cut: 'end', least: 5 },
  { title: 'FILE', cut: 'start', least: 8 },
  { title: 'WHY', spare: 0 },
  { title: 'AGE', align: 'right', spare: 1 },
  { title: 'LEASE', spare: 3 },
  { title: 'HOLDER', cut: 'end', least: 8, spare: 2 },
];

/** One lock as a row of `LOCK_COLUMNS`. */
export function rowOf(listed: Listed, folder: Folder): readonly Cell[] {
  const { state, reason, record, timed, ageMs, file, error } = listed;
  const isHeld = state === 'held' || state === 'stale' || (state === 'unreadable' && error === undefined);
  return [
    [state, STATE_STYLES[state]],
    printable(nameIn(folder, file.path)),
    error?.code ?? reason ?? '',
    isHeld && timed && ageMs !== undefined ? spanOf(ageMs) : '',
    isHeld ? leaseWords(listed) : '',
    isHeld && record ? describeHolder(record) : '',
  ];
}

/** A path relative to the folder that was asked for. */
export function nameIn({ path: folder }: Folder, path: string): string {
  return folder === '' ? path : path.slice(folder.length + 1);
}
