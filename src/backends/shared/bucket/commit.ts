import { freshId } from '../../../util/fresh-id.js';
import { effectOf, VfsError } from '../../../vfs/errors.js';
import type { CommitLock, CommitOutcome } from '../../../vfs/commit.js';
import type { Version, Written } from '../../../vfs/vfs.js';

type Signal = AbortSignal | undefined;

/** The metadata of a committed object. */
export type CommitMarks = Readonly<Record<string, string>>;

/** What a commit has to know of the object that is there. */
export interface MarkedObject {
  readonly version: Version;
  readonly marks: CommitMarks;
}

/** The requests of a commit. */
export interface CommitRequests {
  /** The object that is there, with its metadata. Undefined: there is none. */
  marked(key: string, signal: Signal): Promise<MarkedObject | undefined>;
  /** As `BucketClient.put`, with metadata. */
  put(
    key: string,
    version: Version | undefined,
    data: Uint8Array,
    signal: Signal,
    marks: CommitMarks,
  ): Promise<Written | undefined>;
}

/** The bytes of a stream are kept in memory, as a condition needs them in one request. */
export const MOST_COMMIT_BYTES = 64 * 1024 * 1024;

const TOKEN = 'vfs-lockfile-token';
const COMMIT = 'vfs-lockfile-commit';

/** More changes by others than a commit is tried against. */
const MOST_TRIES = 8;

/**
 * Writes an object with its token in the metadata, by a condition on the version whose token was compared. Each try reads the object,
 * then the lock (`isHeld`), then writes. A write without a clear answer is settled by reading again: the metadata names the commit.
 */
export async function commitObject(
  requests: CommitRequests,
  key: string,
  data: Uint8Array,
  {
    token,
    isHeld,
    signal,
  }: Pick<CommitLock, 'token'> & { readonly isHeld: () => Promise<boolean>; readonly signal: Signal },
): Promise<CommitOutcome> {
  const commit = freshId();
  const marks = { [TOKEN]: String(token), [COMMIT]: commit };
  let failure: Error | undefined;
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const found = await requests.marked(key, signal);
    if (found?.marks[COMMIT] === commit) return { isCommitted: true };
    const written = tokenIn(key, found?.marks[TOKEN]);
    if (written !== undefined && written > token) return { isCommitted: false, token: written };
    if (!(await isHeld())) return { isCommitted: false };
    try {
      if (await requests.put(key, found?.version, data, signal, marks)) return { isCommitted: true };
    } catch (error) {
      if (effectOf(error) === 'none' || signal?.aborted) throw error;
      failure = error as Error;
    }
  }
  throw (
    failure ??
    new VfsError('ERR_VFS_CHANGED', `cannot commit ${key}: others wrote it ${String(MOST_TRIES)} times meanwhile`)
  );
}

/** The token in the metadata. Undefined: somebody wrote the object without one. */
function tokenIn(key: string, text: string | undefined): bigint | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,18}$/.test(text)) return BigInt(text);
  const shown = JSON.stringify(text.slice(0, 40));
  throw new VfsError(
    'ERR_VFS_IO',
    `cannot commit ${key}: its metadata ${TOKEN} is ${shown}, no token; remove that by hand`,
  );
}

/** All bytes of a stream, if they are not too many. */
export async function collect(
  path: string,
  data: Uint8Array | AsyncIterable<Uint8Array>,
  signal: Signal,
): Promise<Uint8Array> {
  if (data instanceof Uint8Array) return data;
  const pieces: Uint8Array[] = [];
  let total = 0;
  for await (const piece of data) {
    signal?.throwIfAborted();
    total += piece.byteLength;
    if (total > MOST_COMMIT_BYTES) throw tooLarge(path);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function tooLarge(path: string): VfsError {
  const advice = 'write it under lock.epochPath and publish that';
  return new VfsError('ERR_VFS_UNSUPPORTED', `cannot commit ${path}: a stream may have at most 64 MiB here; ${advice}`);
}
