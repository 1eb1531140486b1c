import type { Readable } from 'node:stream';

import type { Eventual } from '../util/steps.js';
import type { CommitLock, CommitOutcome } from './commit.js';
import type { Capabilities } from './capabilities.js';
import type { VfsError } from './errors.js';
import type { WaitingLine } from './line.js';

export type { Capabilities } from './capabilities.js';

declare const versionBrand: unique symbol;

/** Identifies one content of a file at one time. It is opaque: compare two versions for equality, never for order. */
export type Version = string & { readonly [versionBrand]: 'Version' };

/** A file as it was at one instant. */
export interface Snapshot {
  /** Relative to the root of the store. */
  readonly path: string;
  /** The content, cut off at `maxBytes` where that was asked for. */
  readonly data: Uint8Array;
  /** The version of the whole content. */
  readonly version: Version;
  /** When the file was last written, in milliseconds since 1970 by the store's own clock. */
  readonly modifiedMs: number;
  /** The store's own clock when this was read, in milliseconds since 1970. Undefined: it has none, or was not asked. */
  readonly nowMs: number | undefined;
  /** True: nobody but the running system of this machine can have the file open, as on a disk of its own. Absent: unknown. */
  readonly isOnOwnDisk?: boolean | undefined;
  /** True: some program of this machine has locked the file by the kernel, as `flock` does. Asked of empty files only; absent: unknown. */
  readonly isLocked?: boolean | undefined;
}

/** What is known about a folder that stands where a file was expected. */
export interface FolderTimes {
  /** When the folder was last changed or touched, in milliseconds since 1970 by the store's own clock. */
  readonly modifiedMs: number;
  /** The store's own clock when this was read, in milliseconds since 1970. Undefined: it has none, or was not asked. */
  readonly nowMs: number | undefined;
}

/** The outcome of a conditional write that succeeded. */
export interface Written {
  /** The version that the file has now. */
  readonly version: Version;
}

/** What is known about a file without reading it. */
export interface Stat {
  /** In bytes. */
  readonly size: number;
  /** When the file was last written, in milliseconds since 1970 by the store's own clock. */
  readonly modifiedMs: number;
  /** The version of the content, where the store reports it without reading the file: S3 and GCS do. */
  readonly version?: Version | undefined;
}

/** One file found by `list`. */
export interface Entry extends Stat {
  /** Relative to the root of the store. */
  readonly path: string;
}

/** Every call takes these last. */
export interface CallOptions {
  /**
   * Ends the call, which then fails with `ERR_VFS_ABORTED`. An abort before the deciding operation changes nothing in the
   * store; the error's `effect` says whether the operation may have been reached.
   *
   * @default none
   */
  readonly signal?: AbortSignal | undefined;
}

/** How to read a file. */
export interface ReadOptions extends CallOptions {
  /**
   * Also return the store's current time. Stores whose responses carry no timestamp need a short-lived scratch file for it.
   *
   * @default false
   */
  readonly clock?: boolean | undefined;
  /**
   * Return at most this many bytes of the content. The version stays that of the whole file.
   *
   * @default no limit
   */
  readonly maxBytes?: number | undefined;
}

/** How to write a lock file. */
export interface WriteOptions extends CallOptions {
  /** The id from `holderFolder` that the record in `data` names. @default none */
  readonly via?: string | undefined;
}

/** How to ask for the holder's folder. */
export interface HolderFolderOptions extends CallOptions {
  /** The record is to create the lock file: where a file is already, do not make a folder for it. @default false */
  readonly forCreate?: boolean | undefined;
}

/** How to move a file. */
export interface MoveOptions extends CallOptions {
  /**
   * Move the file only while it is the one that `stat` found: of the same version, or, where the store does not report a version
   * without reading the file, of the same size and modification time. Otherwise the move fails with `ERR_VFS_CHANGED`.
   *
   * @default none: whatever file is there
   */
  readonly ifUnchanged?: Stat | undefined;
}

/** How to list a folder. */
export interface ListOptions extends CallOptions {
  /**
   * Also list the files in all folders below, except in folders that this library makes for itself.
   *
   * @default false
   */
  readonly recursive?: boolean | undefined;
  /**
   * Called with the path of each folder that is found.
   *
   * @default none
   */
  readonly onFolder?: ((folder: string) => void) | undefined;
  /**
   * Called for each folder below that cannot be listed; the listing goes on without it.
   *
   * @default the first such folder ends the listing with its error
   */
  readonly onError?: ((error: VfsError, folder: string) => void) | undefined;
}

/** The private files and folders that an interrupted change may leave behind, for example after a crash. */
export interface Leftovers {
  /**
   * Lists those in a folder (`''` is the root), each with the last modification of anything in it. Some are still in use by
   * changes that are under way.
   */
  list(folder: string, options?: ListOptions): AsyncIterable<Entry>;
  /**
   * Removes one. False: it is gone already, or has changed since it was listed, and stays. A change that still uses it fails
   * with an error or starts again, and never changes anything by it, however long it was interrupted.
   *
   * @throws {VfsError} The store failed.
   */
  clear(leftover: Entry, options?: CallOptions): Promise<boolean>;
}

/**
 * A store of files with compare-and-swap. To support another store, implement this interface, prove it with the cases of
 * `vfs-lockfile/conformance`, and make its URIs known with `registerBackend`.
 *
 * - **Paths** are names joined by `/`, relative to the root of the store, without `.`, `..`, empty names or NUL.
 * - **Losing is a value, not an exception.** `create`, `replace` and `remove` return undefined or false when the file was not
 *   as expected, and then nothing was changed.
 * - **An exception means "cannot tell".** A method fails with a `VfsError`. Its `effect` says whether the call
 *   may have changed something: `'none'` is a promise that it did not.
 * - **Readers see whole files.** A read returns the content of one write, never a mixture or a part of it.
 */
export interface Vfs {
  /** The scheme of this store's URIs: `file`, `mem`, `sftp`, `s3`, `gs`, or one of your own. */
  readonly scheme: string;
  /** What this store can do; it never changes. */
  readonly capabilities: Capabilities;

  /**
   * Checks a path without any I/O.
   *
   * @throws {VfsError} `ERR_VFS_PATH`: this store could never hold a file with this path.
   */
  check(path: string): void;
  /** The display path of a file: an absolute path or a URI that `openFile` turns into the same file. */
  locate(path: string): string;
  /** Distinguishes this store from others whose `locate` returns the same, such as buckets at two endpoints. */
  readonly storeId?: string;

  /**
   * The path of the same file without symbolic links in its folder, for the lock option `realpath`. The file need not exist.
   * Absent: the store has no links.
   *
   * @throws {VfsError} `ERR_VFS_NOT_FOUND`: the folder does not exist. `ERR_VFS_PATH`: it is not below the root of the store.
   *   `ERR_VFS_UNSUPPORTED`: the store has links and cannot resolve them.
   */
  realPath?(path: string): string;

  /** Reads a whole file. Undefined: there is no such file. */
  read(path: string, options?: ReadOptions): Promise<Snapshot | undefined>;
  /**
   * Creates a file with its whole content. Undefined: there is a file already.
   *
   * @throws {VfsError} `ERR_VFS_NOT_FOUND`: the store has folders, and the one of this file does not exist.
   */
  create(path: string, data: Uint8Array, options?: WriteOptions): Promise<Written | undefined>;
  /** Overwrites a file that still has `version`. Undefined: it has another version, or is gone. */
  replace(path: string, version: Version, data: Uint8Array, options?: WriteOptions): Promise<Written | undefined>;
  /** Removes a file that still has `version`. False: it has another version, or is gone. */
  remove(path: string, version: Version, options?: CallOptions): Promise<boolean>;

  /** Size and modification time of a file. Undefined: there is no such file. */
  stat(path: string, options?: CallOptions): Promise<Stat | undefined>;
  /** The files in a folder (`''` is the root), in no particular order, one after the other so that memory stays small. */
  list(folder: string, options?: ListOptions): AsyncIterable<Entry>;
  /** Writes a whole file, whatever was there, and makes any folders that are missing. Never used on a lock file. */
  write(path: string, data: Uint8Array | AsyncIterable<Uint8Array>, options?: CallOptions): Promise<void>;
  /**
   * Writes a whole file as `write` does, if the lock is still the caller's, or, where the store compares tokens, if no higher token
   * has written it. Absent: the store cannot.
   *
   * @throws {VfsError} `ERR_VFS_UNSUPPORTED`: the file and its lock are on different file systems, or the data is too large.
   */
  commit?(
    path: string,
    data: Uint8Array | AsyncIterable<Uint8Array>,
    lock: CommitLock,
    options?: CallOptions,
  ): Promise<CommitOutcome>;
  /**
   * Appends at most `APPEND_BYTES` to a file in one write, and makes the file and any folders that are missing. What others append
   * at the same time stands before or behind it, never within. Absent: the store cannot append.
   *
   * @throws {VfsError} `ERR_VFS_UNSUPPORTED`: this server may mix what several append. Otherwise a part may have been written.
   */
  append?(path: string, data: Uint8Array, options?: CallOptions): Promise<void>;
  /**
   * Moves a file within this store, and makes any folders that are missing. A file that arrives at `from` meanwhile stays there
   * and is never overwritten, moved in place of the other or deleted.
   *
   * @throws {VfsError} `ERR_VFS_EXISTS`: there is a file at `to`. `ERR_VFS_NOT_FOUND`: there is none at `from`. `ERR_VFS_CHANGED`:
   *   the file at `from` was replaced meanwhile, or is not the one that `ifUnchanged` describes.
   */
  move(from: string, to: string, options?: MoveOptions): Promise<void>;
  /** Deletes a file, whatever its version. False: there was none. Never used on a lock file. */
  delete(path: string, options?: CallOptions): Promise<boolean>;
  /**
   * Removes an empty folder. False: it is gone, or something is in it. Absent: the store has no folders.
   *
   * @throws {VfsError} `ERR_VFS_NOT_FOUND` or `ERR_VFS_NOT_A_FILE`: it is no folder. Otherwise the store failed.
   */
  removeFolder?(path: string, options?: CallOptions): Promise<boolean>;
  /** The content of a file as a stream, which fails with `ERR_VFS_NOT_FOUND` where there is no such file. */
  readStream(path: string, options?: CallOptions): Readable;

  /**
   * The id of a private folder of this process beside a lock file. A record that names it (`via`) can be changed by this process
   * in one step. Undefined: write records without. Absent: the store needs no such thing.
   */
  holderFolder?(path: string, options?: HolderFolderOptions): Eventual<string | undefined>;

  /**
   * Whether this store lately saw a file at a path, so that a contender rather reads it than tries to create it. Asks nobody.
   * Absent: a try to create costs no more than a read.
   */
  wasSeen?(path: string): boolean;

  /**
   * The times of a folder, for locks that other libraries make as folders. Undefined: there is no folder. Absent: the store has
   * no folders, or their times cannot be read.
   */
  folderTimes?(path: string, options?: ReadOptions): Promise<FolderTimes | undefined>;

  /**
   * Calls `onChange` once, soon after the file that is there now changes or disappears, and possibly without reason. Returns a
   * function that ends this; undefined: there is no file now. Absent: the store cannot notify, so waiters poll.
   */
  watch?(path: string, onChange: () => void): (() => void) | undefined;
  /**
   * The line of those who wait for a lock file. Undefined: none for this file, so that waiters watch or poll. Absent: the same for
   * every file.
   */
  line?(path: string): WaitingLine | undefined;
  /** Absent: each change is a single request, so nothing can be left behind. */
  readonly leftovers?: Leftovers;
  /** The conditional operations without promises. Absent: the store is neither local nor in memory. */
  readonly sync?: SyncVfs;
}

/** The operations that a lock needs, done by the time they return. They keep the contract of `Vfs`. */
export interface SyncVfs {
  /** As `Vfs.read`. */
  read(path: string, options?: ReadOptions): Snapshot | undefined;
  /** As `Vfs.create`. */
  create(path: string, data: Uint8Array, options?: WriteOptions): Written | undefined;
  /** As `Vfs.replace`. */
  replace(path: string, version: Version, data: Uint8Array, options?: WriteOptions): Written | undefined;
  /** As `Vfs.remove`. */
  remove(path: string, version: Version): boolean;
  /** As `Vfs.folderTimes`. */
  folderTimes?(path: string, options?: ReadOptions): FolderTimes | undefined;
  /** As `Vfs.holderFolder`. */
  holderFolder?(path: string, options?: HolderFolderOptions): string | undefined;
  /** As `Vfs.append`. */
  append?(path: string, data: Uint8Array): void;
}
