import { isPrivateName } from '../../vfs/names.js';
import type { Entry } from '../../vfs/vfs.js';
import { clearLeftover as clearPlainLeftover, inspectLeftover } from '../shared/plain/leftovers.js';
import { isSymlink } from './connection/raw-sftp.js';
import type { SftpSession } from './connection/session.js';
import type { FoundEntry } from './data-files.js';
import { SftpFiles } from './files.js';
import { UNPROBED } from './probe.js';

/** The private name that was found, as `sweep` shows it. */
export async function leftoverOf(
  session: SftpSession,
  located: string,
  path: string,
  { name, attributes }: FoundEntry,
): Promise<Entry | undefined> {
  if (!isPrivateName(name) || isSymlink(attributes)) return undefined;
  const found = await inspectLeftover(new SftpFiles(session, UNPROBED, located), located);
  return found && { ...found, path };
}

/** Removes a private name as it was listed. */
export function clearLeftover(session: SftpSession, located: string, modifiedMs: number): Promise<boolean> {
  return clearPlainLeftover(new SftpFiles(session, UNPROBED, located), located, modifiedMs);
}
