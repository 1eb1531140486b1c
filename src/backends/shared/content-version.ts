import { hash } from 'node:crypto';

import type { Version } from '../../vfs/vfs.js';

/** The version of a file in a store without versions. Records never repeat, so their versions do not either. */
export function contentVersion(data: Uint8Array): Version {
  return hash('sha256', data, 'base64url') as Version;
}
