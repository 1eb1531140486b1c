import { hash } from 'node:crypto';

import type { Version } from '../../vfs/vfs.js';

/** The version of a file whose store has none of its own. Records never repeat, so neither does this. */
export function contentVersion(data: Uint8Array): Version {
  return hash('sha256', data, 'base64url') as Version;
}
