/** An option or argument is unusable. Thrown before any I/O. */
export class LockOptionError extends Error {
  override readonly name = 'LockOptionError';
  readonly code = 'ERR_LOCK_OPTION';
}
