import { describeCommand, describeHolder, type Reclaimed } from '../../lock/model/holder.js';
import type { StaleReason } from '../../lock/model/staleness.js';
import { formatInstant } from './time-text.js';

const STALE_TEXTS: Readonly<Record<StaleReason, string>> = {
  expired: 'its lease is over',
  'dead-process': 'its process has ended',
  unreadable: 'its file is empty or incomplete',
};

/** Whose stale lock was taken over, and why it was stale. */
export function describeTakeover(path: string, { reason, ...record }: Reclaimed): string {
  const { ownerId = '', pid = 0, hostname = '', user = '', command = [], createdAt } = record;
  const since = createdAt === undefined ? '' : ` since ${formatInstant(createdAt)}`;
  const what = command.length === 0 ? '' : `, running ${describeCommand(command)}`;
  const who = reason === 'unreadable' ? 'somebody unknown' : describeHolder({ ownerId, pid, hostname, user });
  return `took over the stale lock ${path}, as ${STALE_TEXTS[reason]}; it was held by ${who}${what}${since}`;
}
