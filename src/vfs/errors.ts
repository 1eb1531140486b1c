import { isBranded } from '../util/brand.js';

const FAILURE = Symbol.for('vfs-lockfile.VfsError');

/** Whether a failed call may have changed the store. `'none'`: it did not. `'unknown'`: only a read can tell. */
export type Effect = 'none' | 'unknown';

/** The `code` of a `VfsError`. */
export type VfsErrorCode =
  /** The signal aborted. */
  | 'ERR_VFS_ABORTED'
  /** The file to be moved is not the expected one: it was changed or replaced. Nothing was moved. */
  | 'ERR_VFS_CHANGED'
  /** The user has no permission, or the credentials were refused. */
  | 'ERR_VFS_DENIED'
  /** There is a file at the target of a move. */
  | 'ERR_VFS_EXISTS'
  /** The disk is full, or a quota is used up. */
  | 'ERR_VFS_FULL'
  /** The key of an SFTP server is unknown or has changed. */
  | 'ERR_VFS_HOST_KEY'
  /** Any other failure of the disk, the network or the server. */
  | 'ERR_VFS_IO'
  /** There is a folder, or something else that is no regular file. */
  | 'ERR_VFS_NOT_A_FILE'
  /** The file, its folder or its bucket does not exist. */
  | 'ERR_VFS_NOT_FOUND'
  /** No file of this store can have this path. */
  | 'ERR_VFS_PATH'
  /**
   * The store gave no answer within its time limit: a server, or a disk, that hangs. It says nothing about who holds a lock. The
   * `timeout` option of the store sets the limit.
   */
  | 'ERR_VFS_TIMEOUT'
  /** The store cannot do what is needed. */
  | 'ERR_VFS_UNSUPPORTED'
  /** The URI is malformed, or its scheme is unknown. */
  | 'ERR_VFS_URI';

/** A store could not do what it was asked. The message names the operation, the path, and what was found. */
export class VfsError extends Error {
  /** Also true for an error of another copy of this package in the same process. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isBranded(this, VfsError, FAILURE, value);
  }

  /** The name of this class. */
  override readonly name = 'VfsError';
  /** What went wrong; stable over versions, unlike the message. */
  readonly code: VfsErrorCode;
  /** Whether the failed call may have changed the store. */
  readonly effect: Effect;

  /**
   * For authors of stores. `cause` is the error of the disk or the SDK.
   *
   * @param options.effect Whether the failed call may have changed the store; by default `'none'`.
   */
  constructor(
    code: VfsErrorCode,
    message: string,
    options: ErrorOptions & { readonly effect?: Effect | undefined } = {},
  ) {
    super(message, options);
    Object.defineProperty(this, FAILURE, { value: true });
    this.code = code;
    this.effect = options.effect ?? 'none';
  }
}

/**
 * Whether the call that failed with `error` may have changed the store: `'unknown'` for everything that is no `VfsError`.
 *
 * @example
 * const attempt = await file.move('../archive/').catch((error: unknown) => effectOf(error));
 * if (attempt === 'unknown') console.log('check whether the file was moved');
 */
export function effectOf(error: unknown): Effect {
  return error instanceof VfsError ? error.effect : 'unknown';
}
