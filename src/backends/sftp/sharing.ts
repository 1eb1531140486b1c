import { isDirectory, type Attributes } from './connection/raw-sftp.js';
import type { SftpSession } from './connection/session.js';

const SETGID = 0o2000;
const STICKY = 0o1000;

/**
 * The permission bits of a private folder: those of the folder that it stands in, so that all who may write there can empty it. In a
 * sticky folder nobody else may remove anything, so it is closed to others there.
 */
export function privateMode(folder: Attributes): number {
  return (folder.mode & STICKY) === 0 ? folder.mode & 0o777 : 0o700;
}

/**
 * Gives a private folder that this user has just made (`made`) the bits and the group of the folder that it stands in, and for root
 * also the owner. It never does so through a link: where the server does not offer that request, nothing is changed. Returns the
 * requests that were sent.
 */
export function shareFolder(
  session: SftpSession,
  path: string,
  made: Attributes,
  { folder, uid }: { readonly folder: Attributes; readonly uid: number | undefined },
): readonly Promise<void>[] {
  // Somebody may have put something else in its place.
  if (uid === undefined || !isDirectory(made) || made.uid !== uid) return [];
  const requests: Promise<void>[] = [];
  const owner = uid === 0 ? folder.uid : made.uid;
  if (made.uid !== owner || made.gid !== folder.gid)
    requests.push(session.lsetstat(path, { uid: owner, gid: folder.gid }));
  const mode = privateMode(folder) | (made.mode & SETGID);
  if (((made.mode ^ mode) & 0o7777) !== 0) requests.push(session.lsetstat(path, { mode }));
  return requests;
}
