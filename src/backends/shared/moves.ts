import { VfsError } from '../../vfs/errors.js';
import type { Stat } from '../../vfs/vfs.js';

const REFUSALS = {
  ERR_VFS_CHANGED: 'it was changed, replaced or moved meanwhile, and what is there now stays',
  ERR_VFS_EXISTS: 'there is a file already',
  ERR_VFS_NOT_FOUND: 'there is no such file',
} as const;

/** A move that was refused. `from` and `to` are display paths; `kept` says where a file is now that could not be put back. */
export function moveRefusal(code: keyof typeof REFUSALS, from: string, to: string, kept?: string): VfsError {
  const what = code === 'ERR_VFS_EXISTS' ? `${REFUSALS[code]} at ${to}` : REFUSALS[code];
  const rest = kept === undefined || kept === from ? '' : `; what arrived while it was moved is kept as ${kept}`;
  return new VfsError(code, `cannot move ${from} to ${to}: ${what}${rest}`);
}

/** Whether a file is the one that was seen before. Its version decides where both have one. */
export function isSeen(seen: Stat, found: Stat): boolean {
  if (seen.version !== undefined && found.version !== undefined) return seen.version === found.version;
  return seen.size === found.size && seen.modifiedMs === found.modifiedMs;
}
