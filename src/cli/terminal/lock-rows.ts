import type { Listed } from '../../admin/list.js';
import { describeForeign } from '../../lock/model/foreign.js';
import { describeHolder } from '../../lock/model/holder.js';
import { printable } from '../../lock/model/record.js';
import type { Folder } from '../../vfs/path.js';
import { relativePath } from './display-path.js';
import { describeLease, STATE_STYLES } from './lock-text.js';
import type { Column, Row } from './table.js';
import { formatSpan } from '../../util/duration.js';

export const LOCK_COLUMNS: readonly Column[] = [
  { title: 'STATE', cut: 'end', least: 5 },
  { title: 'FILE', cut: 'start', least: 8 },
  { title: 'WHY', dropOrder: 0 },
  { title: 'AGE', align: 'right', dropOrder: 1 },
  { title: 'LEASE', dropOrder: 3 },
  { title: 'HOLDER', cut: 'end', least: 8, dropOrder: 2 },
];

/** One lock as a row of `LOCK_COLUMNS`. */
export function rowOf(listed: Listed, folder: Folder): Row {
  const { state, reason, record, foreign, timed, ageMs, file, error } = listed;
  const isHeld = state === 'held' || state === 'stale' || (state === 'unreadable' && error === undefined);
  return [
    [state, STATE_STYLES[state]],
    printable(relativePath(folder, file.path)),
    error?.code ?? reason ?? '',
    isHeld && timed && ageMs !== undefined ? formatSpan(ageMs) : '',
    isHeld ? describeLease(listed) : '',
    isHeld && record ? describeHolder(record) : foreign ? describeForeign(foreign) : '',
  ];
}
