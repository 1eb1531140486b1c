import { identify, noProcess, thisProcess, type ProcessIdentity } from '../model/process.js';
import type { ResolvedLockOptions } from '../model/options.js';
import type { LockRecord } from '../model/record.js';
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

function identityOf(pid: number | 'none'): ProcessIdentity {
  if (pid === 'none') return noProcess();
  return pid === process.pid ? thisProcess() : identify(pid);
}
