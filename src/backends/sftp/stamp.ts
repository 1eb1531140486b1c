import type { Stamp } from '../shared/plain/holder-folder.js';
import type { Attributes } from './connection/raw-sftp.js';

/** Tells one file of a name from the next one, as far as a server shows it: SFTP has no inode numbers, and times in seconds. */
export function stampOf({ mode, uid, size, mtime }: Attributes): Stamp {
  return [mode, uid, size, mtime];
}
