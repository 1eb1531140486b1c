import { limitText } from '../../util/abort.js';
import { VfsError } from '../../vfs/errors.js';

/** How long a release may take. */
export const RELEASE_LIMIT_MS = 10_000;

/** The error of a release that the store did not answer in that time. */
export function unansweredRelease(path: string, cause: Error): VfsError {
  const message = `cannot release ${path}: the store did not answer for ${limitText(RELEASE_LIMIT_MS)}`;
  return new VfsError('ERR_VFS_TIMEOUT', message, { cause, effect: 'unknown' });
}
