import { isOurName } from '../vfs/names.js';
import { ServiceError } from './errors.js';

/** In bytes of UTF-8. */
const LONGEST_NAME = 512;

const FORBIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\\]/u;

/**
 * The name of a lock, which is the path of the locked file relative to the location of the service. Refused are names that lead
 * elsewhere, names of this library's own files, and characters that nobody can see.
 */
export function checkName(name: string): string {
  const problem = problemOf(name);
  if (problem === undefined) return name;
  throw new ServiceError('invalid_name', `the name of the lock ${problem}`);
}

/** The beginning of names; it may be empty. */
export function checkPrefix(prefix: string): string {
  if (prefix === '') return prefix;
  const problem = problemOf(prefix.endsWith('/') ? `${prefix}x` : prefix);
  if (problem === undefined) return prefix;
  throw new ServiceError('invalid_name', `the prefix ${problem}`);
}

function problemOf(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (!name.isWellFormed() || FORBIDDEN.test(name)) return 'contains a character that is not allowed';
  if (Buffer.byteLength(name) > LONGEST_NAME) return `has more than ${LONGEST_NAME} bytes`;
  for (const part of name.split('/')) {
    if (part === '' || part === '.' || part === '..') return 'has an empty part, . or ..';
    if (isOurName(part.toLowerCase())) return 'is one of those that lock files themselves have';
  }
  return undefined;
}
