/** An option or argument is unusable; the message names it, and what was expected. Thrown before any I/O. */
export class LockOptionError extends Error {
  /** The name of this class. */
  override readonly name = 'LockOptionError';
  /** Identifies this kind of error; stable over versions, unlike the message. */
  readonly code = 'ERR_LOCK_OPTION';
}
