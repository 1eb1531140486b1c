import { readHistory, type HistoryEntry } from '../../journal/index.js';
import { DetachedLock } from '../../lock/detached.js';
import type { RequestContext } from '../context.js';
import { ServiceError } from '../errors.js';
import { checkName } from '../names.js';
import { json } from '../respond.js';
import { decoded, methodNotAllowed } from './locks.js';

const DEFAULT_LIMIT = 100;
const MOST = 1000;

/** The last entries of the journal about one lock, the oldest first; none where no journal is kept. */
export async function historyRoute({ request, url, path, service }: RequestContext): Promise<Response> {
  if (request.method !== 'GET') throw methodNotAllowed('GET');
  const name = checkName(decoded(path.slice(1)));
  const text = url.searchParams.get('limit') ?? String(DEFAULT_LIMIT);
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > MOST)
    throw new ServiceError('bad_request', `limit must be a whole number from 1 to ${MOST}`);
  const { path: lock } = new DetachedLock(service.locks.fileOf(name));
  const last: HistoryEntry[] = [];
  for await (const entry of readHistory(service.locks.folder, { lock, signal: request.signal })) {
    last.push(entry);
    if (last.length > limit) last.shift();
  }
  return json(200, { name, history: last.map(viewOf) });
}

/** Without the command and the user: they are nobody's business over the network. */
function viewOf(entry: HistoryEntry): Readonly<Record<string, unknown>> {
  const { at, event, lockId, ownerId, hostname, pid, durationMs, attempt, reason, by, error, fencingToken, from } =
    entry;
  return {
    ...{ at: at.toISOString(), event, id: lockId, owner: ownerId, host: hostname, pid, durationMs, attempt, reason },
    ...{ by: by ?? null, failed: error !== undefined, fencingToken: fencingToken ?? null },
    from: from === undefined ? null : { id: from.lockId, owner: from.ownerId, host: from.hostname },
  };
}
