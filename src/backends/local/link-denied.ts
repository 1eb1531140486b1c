import { VfsError } from '../../vfs/errors.js';

/** A policy may forbid links to some programs and not to others, so another way of creating locks would not exclude those. */
export function linkDenied(path: string, cause: unknown): VfsError {
  const advice = 'set hardLinks: false in every program that locks in this folder';
  const message = `cannot create ${path}: files can be made there, but hard links are denied (EACCES); ${advice}`;
  return new VfsError('ERR_VFS_DENIED', message, { cause });
}
