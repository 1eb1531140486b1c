import { freshId } from '../../../util/fresh-id.js';
import { stagedPath } from '../../../vfs/names.js';

/** The longest key of an object, in bytes, of Amazon's and Google's stores alike. */
export const KEY_BYTES = 1024;

/** A key for a trial beside an object, so that a permission that goes by prefix allows it, unless that is too long. */
export function scratchKey(key: string): string {
  const beside = stagedPath(key, freshId());
  return Buffer.byteLength(beside) <= KEY_BYTES ? beside : stagedPath('', freshId());
}
