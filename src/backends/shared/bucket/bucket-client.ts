import type { VfsError } from '../../../vfs/errors.js';
import type { Entry, Snapshot, Stat, Version, Written } from '../../../vfs/vfs.js';
import type { CommitMarks, CommitRequests } from './commit.js';
import type { RequestContext } from './errors.js';

type Signal = AbortSignal | undefined;

/** The calls that send requests. */
export type BucketVerb =
  'read' | 'create' | 'replace' | 'remove' | 'stat' | 'list' | 'write' | 'move' | 'delete' | 'commit';

/** An object as one request saw it. */
export type ObjectImage = Omit<Snapshot, 'path'>;

/** The versions of both objects after a copy. `target` is undefined where the store does not return it. */
export interface Copied {
  readonly source: Version;
  readonly target: Version | undefined;
}

export type CopyOutcome = Copied | 'exists' | 'changed';

/** The requests that `BucketVfs` needs from a store. Keys are whole keys, prefix included. What fails is passed to `fail`. */
export interface BucketClient extends CommitRequests {
  /** What the credentials must be allowed to do for each call. */
  readonly permissions: Readonly<Record<BucketVerb, readonly string[]>>;
  /** False where the answer to a delete does not say whether there was an object, so that a stat has to come first. */
  readonly deleteReportsAbsence: boolean;

  get(key: string, maxBytes: number, signal: Signal): Promise<ObjectImage | undefined>;
  stat(key: string, signal: Signal): Promise<Stat | undefined>;
  list(prefix: string, recursive: boolean, signal: Signal): AsyncIterable<Entry>;
  /** The bytes of one version of an object. Rejects where there is no object. */
  chunks(key: string, signal: Signal): AsyncIterable<Uint8Array>;
  /** Overwrites `version` of the object; creates the object where `version` is undefined. Undefined: lost, nothing was changed. */
  put(
    key: string,
    version: Version | undefined,
    data: Uint8Array,
    signal: Signal,
    marks?: CommitMarks,
  ): Promise<Written | undefined>;
  /** Removes `version` of the object. False: lost, nothing was changed. */
  remove(key: string, version: Version, signal: Signal): Promise<boolean>;
  /** Writes the object, whatever was there before. */
  upload(key: string, source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>, signal: Signal): Promise<void>;
  /** Copies an object to a key that has none. `'exists'`: the key has one. `'changed'`: the object is not the one in `seen`. */
  copy(from: string, to: string, seen: Stat | undefined, signal: Signal): Promise<CopyOutcome>;
  /** Deletes the object, whatever its version. False: there was none. */
  delete(key: string, signal: Signal): Promise<boolean>;
  /** The error that a call throws for what one of its requests threw. */
  fail(context: RequestContext, error: unknown): VfsError;
}
