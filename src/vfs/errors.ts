/** Whether a failed operation can have changed the store: `'unknown'` has to be settled by reading. */
export type Effect = 'none' | 'unknown';

export type VfsErrorCode =
  | 'ERR_VFS_ABORTED'
  | 'ERR_VFS_DENIED'
  | 'ERR_VFS_EXISTS'
  | 'ERR_VFS_FULL'
  | 'ERR_VFS_HOST_KEY'
  | 'ERR_VFS_IO'
  | 'ERR_VFS_NOT_A_FILE'
  | 'ERR_VFS_NOT_FOUND'
  | 'ERR_VFS_PATH'
  | 'ERR_VFS_UNSUPPORTED'
  | 'ERR_VFS_URI';

/** A store could not do what it was asked. The message names the verb, the path and what was found. */
export class VfsError extends Error {
  override readonly name = 'VfsError';
  readonly code: VfsErrorCode;
  readonly effect: Effect;

  constructor(code: VfsErrorCode, message: string, options: ErrorOptions & { readonly effect?: Effect } = {}) {
    super(message, options);
    this.code = code;
    this.effect = options.effect ?? 'none';
  }
}

/** Whether `error` leaves open that the store was changed. What is not a `VfsError` leaves everything open. */
export function effectOf(error: unknown): Effect {
  return error instanceof VfsError ? error.effect : 'unknown';
}
