import { FencedError } from '../lock/model/errors.js';
import { READ_BYTES, readLock } from '../lock/model/reader.js';
import { tokenOf } from '../lock/model/token.js';
import type { HeldLock } from '../lock/protocol/held-lock.js';
import type { LockTarget } from '../lock/protocol/target.js';
import { kindOf, LockOptionError } from '../util/option-error.js';
import { run } from '../util/steps.js';
import { VfsError } from '../vfs/errors.js';
import type { VfsFile } from '../vfs/file.js';
import { guardPath } from '../vfs/names.js';
import type { CallOptions } from '../vfs/vfs.js';

/** What can be committed: a text, bytes, or a stream of bytes. */
export type CommitData = string | Uint8Array | AsyncIterable<Uint8Array>;

/** An acquisition, held or not, and its token. */
export interface Committer {
  readonly target: LockTarget;
  readonly held: HeldLock;
  readonly token: bigint;
}

/** Writes a file if the lock is still that of this acquisition. Throws `ERR_FENCED` otherwise. */
export async function commit(
  { target, held, token }: Committer,
  { vfs, path }: VfsFile,
  data: CommitData,
  options: CallOptions,
): Promise<void> {
  const bytes = bytesOf(data);
  if (path === target.path || path === guardPath(target.path)) {
    throw new LockOptionError(`cannot commit to ${vfs.locate(path)}: that is the lock file, or its guard`);
  }
  if (vfs.commit === undefined) {
    throw new VfsError('ERR_VFS_UNSUPPORTED', `cannot commit to ${vfs.locate(path)}: its store has no commit`);
  }
  const isOurs = (content: Uint8Array): boolean => held.lease.isOurs(content);
  const outcome = await vfs.commit(path, bytes, { path: target.path, maxBytes: READ_BYTES, isOurs, token }, options);
  if (outcome.isCommitted) return;
  const by = outcome.token ?? tokenOf((await run(readLock(vfs, target.path, options)))?.record);
  throw new FencedError(vfs.locate(path), token, by === token ? undefined : by);
}

function bytesOf(data: CommitData): Uint8Array | AsyncIterable<Uint8Array> {
  if (typeof data === 'string') return Buffer.from(data);
  if (data instanceof Uint8Array || isStream(data)) return data;
  throw new LockOptionError(`data must be a string, bytes or a stream, not ${kindOf(data)}`);
}

function isStream(data: unknown): data is AsyncIterable<Uint8Array> {
  return typeof data === 'object' && data !== null && Symbol.asyncIterator in data;
}
