import { constants, type BigIntStats } from 'node:fs';
import * as fs from 'node:fs/promises';
import { dirname } from 'node:path';

import { freshId } from '../../util/fresh-id.js';
import { asidePath } from '../../vfs/names.js';
import { labelledPath } from '../../vfs/path.js';
import type { Stat } from '../../vfs/vfs.js';
import { isSeen, moveRefusal } from '../shared/moves.js';
import { ABSENT, codeOf, LINKLESS } from '../shared/plain/posix-errors.js';

export interface MoveTerms {
  /** Whether hard links may be tried. */
  readonly hardLinks: boolean;
  readonly ifUnchanged: Stat | undefined;
}

/**
 * Moves a file to a free path: by a hard link, or by a copy across file systems and without hard links. Paths are those of the
 * system. The old name is then renamed to a private one and checked there, because a producer may have put a new file in its
 * place since: no check and deletion by the old name could tell the two apart.
 */
export async function moveFile(from: string, to: string, { hardLinks, ifUnchanged }: MoveTerms): Promise<void> {
  const isExpected = async (path: string): Promise<boolean> =>
    ifUnchanged === undefined || isSeen(ifUnchanged, timesOf(await fs.stat(path)));
  const before = await sourceOf(from, to);
  if (!(await isExpected(from))) throw moveRefusal('ERR_VFS_CHANGED', from, to);
  await fs.mkdir(dirname(to), { recursive: true });
  const isLink = hardLinks && (await linked(from, to));
  if (!isLink) await copy(from, to);
  const moved = isLink ? await fs.lstat(to, { bigint: true }) : before;
  const isMoved = async (path: string): Promise<boolean> => {
    const found = await fs.lstat(path, { bigint: true });
    return found.ino === moved.ino && (isLink || isSameContent(found, before)) && (await isExpected(path));
  };
  const kept = await takeAway(from, to, isMoved);
  if (kept !== undefined) throw moveRefusal('ERR_VFS_CHANGED', from, to, kept);
}

async function sourceOf(from: string, to: string): Promise<BigIntStats> {
  try {
    return await fs.lstat(from, { bigint: true });
  } catch (error) {
    throw ABSENT.includes(codeOf(error)) ? moveRefusal('ERR_VFS_NOT_FOUND', from, to) : error;
  }
}

/** Whether there is a hard link now. False: there can be none. */
async function linked(from: string, to: string): Promise<boolean> {
  try {
    await fs.link(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EXDEV' || LINKLESS.includes(codeOf(error))) return false;
    throw await refusalOf(error, from, to);
  }
}

async function copy(from: string, to: string): Promise<void> {
  try {
    await fs.copyFile(from, to, constants.COPYFILE_EXCL);
  } catch (error) {
    throw await refusalOf(error, from, to);
  }
}

async function refusalOf(error: unknown, from: string, to: string): Promise<unknown> {
  if (codeOf(error) === 'EEXIST') return moveRefusal('ERR_VFS_EXISTS', from, to);
  if (codeOf(error) === 'ENOENT') await sourceOf(from, to);
  return error;
}

/** Removes the old name if it is still that of the moved file. Otherwise removes the new one, and returns where the other file is. */
async function takeAway(
  from: string,
  to: string,
  isMoved: (path: string) => Promise<boolean>,
): Promise<string | undefined> {
  const aside = asidePath(from, freshId());
  try {
    await fs.rename(from, aside);
  } catch (error) {
    // The source cannot be removed, or somebody else moved it meanwhile: either way it must not be in two places.
    await fs.rm(to, { force: true });
    throw ABSENT.includes(codeOf(error)) ? moveRefusal('ERR_VFS_NOT_FOUND', from, to) : error;
  }
  const checked = await isMoved(aside).catch((error: unknown) => ({ error }));
  if (checked === true) {
    await fs.unlink(aside);
    return undefined;
  }
  const kept = await putBack(aside, from);
  await fs.rm(to, { force: true });
  if (checked !== false) throw checked.error;
  return kept;
}

/** Restores the name of a file; if that was taken meanwhile, uses a free name beside it. Returns the name. */
async function putBack(aside: string, from: string): Promise<string> {
  for (let name = from; ; name = labelledPath(from, freshId().slice(0, 8))) {
    try {
      await fs.link(aside, name).catch(async (error: unknown) => {
        if (!LINKLESS.includes(codeOf(error))) throw error;
        await fs.copyFile(aside, name, constants.COPYFILE_EXCL);
      });
      await fs.unlink(aside);
      return name;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
  }
}

function isSameContent(a: BigIntStats, b: BigIntStats): boolean {
  return a.size === b.size && a.mtimeNs === b.mtimeNs;
}

function timesOf({ size, mtimeMs }: { readonly size: number; readonly mtimeMs: number }): Stat {
  return { size, modifiedMs: mtimeMs };
}
