import type { Readable } from 'node:stream';

import type { VfsError } from './errors.js';

declare const versionBrand: unique symbol;

/** What tells one content of a file from the next. Opaque: compared for equality, never for order. */
export type Version = string & { readonly [versionBrand]: 'Version' };

/** A file as it was at one instant. Both times are in milliseconds of the store's own clock. */
export interface Snapshot {
  readonly path: string;
  readonly data: Uint8Array;
  readonly version: Version;
  readonly modifiedMs: number;
  /** What the store's clock said when this was read; undefined where it tells no time or was not asked. */
  readonly nowMs: number | undefined;
}

/** What a successful conditional write left behind. */
export interface Written {
  readonly version: Version;
}

export interface Stat {
  readonly size: number;
  readonly modifiedMs: number;
}

/** One file found by `list`, its path relative to the root of the `Vfs`. */
export interface Entry extends Stat {
  readonly path: string;
}

/** Every call takes these last. An abort before the deciding operation changes nothing in the store. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface ReadOptions extends CallOptions {
  /** Also tell the store's time, which may cost a scratch file where the store gives it away with no answer. */
  readonly clock?: boolean;
  /** Cut `data` off after so many bytes; the version stays that of the whole file. Default: no limit. */
  readonly maxBytes?: number;
}

export interface ListOptions extends CallOptions {
  readonly recursive?: boolean;
  /** Told of each folder below that cannot be listed, which is then left out. Without it the first one ends the listing. */
  readonly onError?: ((error: VfsError, folder: string) => void) | undefined;
}

/** The private names that changes of files broken off in the middle, as by a crash, may leave behind. */
export interface Leftovers {
  /** Those right in a folder, or also below it, each with the last modification of anything in it. Some are still in use. */
  list(folder: string, options?: ListOptions): AsyncIterable<Entry>;
  /**
   * Takes one away. False: it is gone already, or not as it was listed, and stays. Whoever is still working with it, however
   * old it is, fails with an error or begins anew, and never changes anything by it.
   */
  clear(leftover: Entry, options?: CallOptions): Promise<boolean>;
}

/** What a store can do. An unmet need is refused with `ERR_VFS_UNSUPPORTED` before any I/O. */
export interface Capabilities {
  readonly create: 'atomic' | 'guarded' | 'none';
  readonly replace: 'atomic' | 'guarded' | 'none';
  readonly remove: 'atomic' | 'guarded' | 'none';
  readonly move: 'atomic' | 'copy';
  readonly clock: { readonly source: 'store' | 'none'; readonly resolutionMs: number };
  /** Whether files outlive the process. */
  readonly durable: boolean;
  /** How often a waiter may look, in milliseconds. */
  readonly poll: { readonly minMs: number; readonly maxMs: number };
  /** What nobody can find out about all this by trying, in a sentence or two; absent where it need not be found out. */
  readonly caveat?: string;
}

/**
 * A store of files with compare-and-swap. Losing is a value and not an exception: `create`, `replace` and `remove` answer
 * undefined or false when the file was not as expected, and then nothing was changed. A throw (`VfsError`) means "cannot
 * tell", and its `effect` says whether anything may have happened.
 *
 * Paths are names joined by `/`, relative to the root of the store, without `.`, `..`, empty names or NUL.
 */
export interface Vfs {
  /** The scheme of its URIs: `file`, `mem`, `sftp`, `s3`, `gs`. */
  readonly scheme: string;
  readonly capabilities: Capabilities;

  /** Checks a path without any I/O and throws `ERR_VFS_PATH` when this store could never hold it. */
  check(path: string): void;
  /** The name by which a person, or `openFile`, finds a path of this store again. */
  locate(path: string): string;
  /** What tells this store from others that `locate` their files alike, such as the endpoint of a bucket. */
  readonly storeId?: string;

  read(path: string, options?: ReadOptions): Promise<Snapshot | undefined>;
  /** Publishes the whole content at once, only where no file is. Undefined: there is one already. */
  create(path: string, data: Uint8Array, options?: CallOptions): Promise<Written | undefined>;
  /** Undefined: the file is not `version` any more. */
  replace(path: string, version: Version, data: Uint8Array, options?: CallOptions): Promise<Written | undefined>;
  /** False: the file is not `version` any more. */
  remove(path: string, version: Version, options?: CallOptions): Promise<boolean>;

  stat(path: string, options?: CallOptions): Promise<Stat | undefined>;
  /** The files below a folder (`''` is the root), in no promised order, without building the whole list. */
  list(folder: string, options?: ListOptions): AsyncIterable<Entry>;
  /** Writes the whole file, whatever was there, making folders as needed. Never used on a lock. */
  write(path: string, data: Uint8Array | AsyncIterable<Uint8Array>, options?: CallOptions): Promise<void>;
  /** Moves a file and refuses with `ERR_VFS_EXISTS` when the target is taken, making folders as needed. */
  move(from: string, to: string, options?: CallOptions): Promise<void>;
  /** Deletes a file. False: there was none. Never used on a lock. */
  delete(path: string, options?: CallOptions): Promise<boolean>;
  readStream(path: string, options?: CallOptions): Readable;

  /** Calls `onChange` soon after a file changes; absent where the store cannot tell. Returns how to stop. */
  watch?(path: string, onChange: () => void): () => void;
  /** Absent where each change is a single request, so that nothing can be left behind. */
  readonly leftovers?: Leftovers;
  /** The same conditional operations without waiting for anything; absent where the store is not local. */
  readonly sync?: SyncVfs;
}

/** The operations that a lock needs, done by the time they return. */
export interface SyncVfs {
  read(path: string, options?: ReadOptions): Snapshot | undefined;
  create(path: string, data: Uint8Array): Written | undefined;
  replace(path: string, version: Version, data: Uint8Array): Written | undefined;
  remove(path: string, version: Version): boolean;
}
