/** An option or argument is unusable; the message names it, and what was expected. Thrown before any I/O. */
export class LockOptionError extends Error {
  /** The name of this class. */
  override readonly name = 'LockOptionError';
  /** Identifies this kind of error; stable over versions, unlike the message. */
  readonly code = 'ERR_LOCK_OPTION';
}

/** What a value is, for an error message. It never shows the value itself, which may be a secret. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'undefined';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (typeof value !== 'object') return `a ${typeof value}`;
  const name = (value as { readonly constructor?: { readonly name?: unknown } }).constructor?.name;
  if (name === 'Promise') return 'a Promise: is an await missing?';
  return typeof name !== 'string' || name === '' || name === 'Object' ? 'an object' : `an object of the class ${name}`;
}
