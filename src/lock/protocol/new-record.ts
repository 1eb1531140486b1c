import { identify, noProcess, thisProcess, type ProcessIdentity } from '../model/process.js';
import type { ResolvedLockOptions } from '../model/options.js';
import type { LockRecord } from '../model/record.js';
import { freshId } from '../../util/fresh-id.js';
import { wallMs } from '../../util/time.js';

/** The record of a lock that is acquired now. */
export function newRecord(
  options: ResolvedLockOptions,
  own: Pick<LockRecord, 'lockId' | 'nonce' | 'via' | 'fencingToken' | 'ended'>,
): LockRecord {
  const { ttlMs, ownerId, graceMs, processGroup, user, command, tool, note, holder, pid } = options;
  const identity = holder ?? identityOf(pid);
  // Spelled out, as this is done for every lock and to spread so many members is slow.
  return {
    createdAt: new Date(wallMs()),
    ttlMs,
    leaseMs: ttlMs,
    hostname: identity.hostname,
    pid: identity.pid,
    ownerId,
    lockId: own.lockId,
    nonce: own.nonce,
    renewedAt: undefined,
    renewals: 0,
    bootId: identity.bootId,
    machineId: identity.machineId,
    processStart: identity.processStart,
    namespace: identity.namespace,
    processGroup,
    fencingToken: own.fencingToken,
    graceMs,
    via: own.via,
    user,
    command,
    tool,
    ended: own.ended,
    note,
    progress: undefined,
    released: false,
  };
}

/** The record of the same lock, renewed now. Go's readers use `createdAt + ttl` alone, so a renewal lengthens `ttl` and keeps `createdAt`. */
export function renewedRecord(record: LockRecord, via = ''): LockRecord {
  const renewedAt = new Date(wallMs());
  const livedMs = Math.max(0, renewedAt.getTime() - (record.createdAt ?? renewedAt).getTime());
  return {
    createdAt: record.createdAt,
    ttlMs: livedMs + record.leaseMs,
    leaseMs: record.leaseMs,
    hostname: record.hostname,
    pid: record.pid,
    ownerId: record.ownerId,
    lockId: record.lockId,
    nonce: freshId(),
    renewedAt,
    renewals: record.renewals + 1,
    bootId: record.bootId,
    machineId: record.machineId,
    processStart: record.processStart,
    namespace: record.namespace,
    processGroup: record.processGroup,
    fencingToken: record.fencingToken,
    graceMs: record.graceMs,
    via,
    user: record.user,
    command: record.command,
    tool: record.tool,
    ended: record.ended,
    note: record.note,
    progress: record.progress,
    released: false,
  };
}

function identityOf(pid: number | 'none'): ProcessIdentity {
  if (pid === 'none') return noProcess();
  return pid === process.pid ? thisProcess() : identify(pid);
}
