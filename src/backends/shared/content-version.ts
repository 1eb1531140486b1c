import { hash } from 'node:crypto';

import { isHolderId } from '../../vfs/names.js';
import type { Version } from '../../vfs/vfs.js';

/** The version of a file in a store without versions. Records never repeat, so their versions do not either. */
export function contentVersion(data: Uint8Array): Version {
  return hash('sha256', data, 'base64url') as Version;
}

/** The id of the holder's folder that a lock record names (`via`), as far as it can be read. */
export function viaOf(data: Uint8Array): string | undefined {
  if (!Buffer.from(data.buffer, data.byteOffset, data.byteLength).includes('"via"')) return undefined;
  try {
    const { via } = JSON.parse(Buffer.from(data).toString('utf8')) as { readonly via?: unknown };
    return typeof via === 'string' && isHolderId(via) ? via : undefined;
  } catch {
    return undefined;
  }
}

/** The version of a plain file: of its content, and of the holder's folder that has to be removed before anybody else changes it. */
export function recordVersion(data: Uint8Array, via = viaOf(data)): Version {
  const version = contentVersion(data);
  return via === undefined ? version : (`${version}.${via}` as Version);
}

/** The id in a version from `recordVersion`. */
export function viaIn(version: Version | undefined): string | undefined {
  const [, via] = version?.split('.') ?? [];
  return via !== undefined && isHolderId(via) ? via : undefined;
}
