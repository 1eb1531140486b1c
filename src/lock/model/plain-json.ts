import { LockOptionError } from '../../util/option-error.js';

/** A JSON object whose members are not known. */
export type Json = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** JSON.parse accepts any depth, but JSON.stringify would overflow the stack of a program that prints a deep value. */
export function isShallow(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((inner) => isShallow(inner, levels - 1));
}

/** A copy of an object as JSON keeps it. Throws `ERR_LOCK_OPTION`, which names it, when JSON cannot, or when it is nested too deeply. */
export function plainObject(name: string, value: unknown, levels: number): Json {
  const expected = `${name} must be an object that JSON can hold, at most ${String(levels)} levels deep`;
  let plain: unknown;
  try {
    plain = JSON.parse(JSON.stringify(value));
  } catch (cause) {
    throw new LockOptionError(expected, { cause });
  }
  if (isObject(plain) && isShallow(plain, levels)) return plain;
  throw new LockOptionError(expected);
}
