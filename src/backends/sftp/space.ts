import { codeOf, NoAnswerError, RefusedError } from './errors.js';
import { folderOf } from '../../vfs/path.js';
import type { SftpSession } from './connection/session.js';

const READ_ONLY = 1n;

/**
 * Why a change was refused. SFTP has no status for a full or a read-only file system, so most servers answer "failure" to both.
 * Where the server supports it, the state of the file system itself then gives the reason.
 */
export async function explained(session: SftpSession, folder: string, refusal: unknown): Promise<unknown> {
  if (codeOf(refusal) !== 'EIO') return refusal;
  for (let path = folder; path !== ''; path = folderOf(path)) {
    try {
      const code = await causeOf(session, path);
      return code === undefined ? refusal : new RefusedError(code, 'the server answers a failure', { cause: refusal });
    } catch (error) {
      // Part of the path does not exist: the folder above it shows where it would be made.
      if (error instanceof NoAnswerError || codeOf(error) === 'ENOSYS') return refusal;
    }
  }
  return refusal;
}

async function causeOf(session: SftpSession, path: string): Promise<string | undefined> {
  const { f_bavail: blocks, f_files: files, f_favail: freeFiles, f_flag: flags } = await session.statFileSystem(path);
  if ((BigInt(flags) & READ_ONLY) !== 0n) return 'EROFS';
  // File systems without a fixed number of files report 0 of 0.
  return Number(blocks) === 0 || (Number(files) > 0 && Number(freeFiles) === 0) ? 'ENOSPC' : undefined;
}
