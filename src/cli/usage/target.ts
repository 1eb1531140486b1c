import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';

import { untilAborted } from '../../util/abort.js';
import { openFile, openFolder } from '../../open.js';
import type { LockOptions } from '../../lock/model/options.js';
import { named } from '../../lock/named.js';
import { readLock } from '../../lock/model/reader.js';
import { run } from '../../util/steps.js';
import { VfsFile } from '../../vfs/file.js';
import { lockedPath } from '../../vfs/names.js';
import type { Folder } from '../../vfs/path.js';
import { usageError } from '../exit-codes.js';
import { displayPath } from '../terminal/display-path.js';
import { printError } from '../terminal/print-error.js';
import type { RawSetting } from './arguments.js';

/** Opens the file that FILE names. Throws a usage error if no lock file can stand beside it. */
async function openTarget(text: string): Promise<VfsFile> {
  const file = await openFile(text);
  if (!file.vfs.capabilities.durable) {
    throw usageError(`cannot lock ${file.toString()} for others: its store lives in one process only`);
  }
  if (file.vfs.scheme === 'file') await checkLocalFile(file.toString());
  return file;
}

/** The lock that a command is about: on the local disk, a relative --lock-file is relative to the working directory. */
export async function openLock(args: LockArguments): Promise<OpenedLock> {
  const { lockFile } = args;
  const text = args.named ? named(args.file, args.in?.text) : args.file;
  if (lockFile === undefined) return { file: await withoutSuffix(await openTarget(text)), options: {} };
  const file = await openTarget(text);
  const lockPath = file.vfs.scheme === 'file' ? await openFile(lockFile.text) : lockFile.text;
  return { file, options: { lockPath } };
}

/** How a command names a lock: by FILE, or by a name in a folder. */
export interface LockArguments {
  /** FILE, or the name. */
  readonly file: string;
  readonly named: RawSetting | undefined;
  readonly in: RawSetting | undefined;
  readonly lockFile: RawSetting | undefined;
}

export interface OpenedLock {
  readonly file: VfsFile;
  readonly options: Pick<LockOptions, 'lockPath'>;
}

/** Whoever names a lock file means that lock, and not one of the lock file; a `yarn.lock` is a file like any other. */
async function withoutSuffix(file: VfsFile): Promise<VfsFile> {
  const meant = await meantBy(file);
  if (meant !== file) printError(`${String(file)} is a lock file: taking it for the lock of ${String(meant)}`);
  return meant;
}

/** The file whose lock `file` is, or `file` itself. */
export async function meantBy(file: VfsFile): Promise<VfsFile> {
  const locked = lockedPath(file.path);
  if (locked === undefined) return file;
  const found = await run(readLock(file.vfs, file.path));
  return found === undefined || found.foreign ? file : new VfsFile(file.vfs, locked);
}

/** Opens the folder that LOCATION names. Throws a usage error if it is not a folder. */
export async function openLocation(text: string): Promise<Folder> {
  return checkedFolder(await openFolder(text));
}

/** Throws a usage error unless it is a folder, as far as the local disk says that soon. */
export async function checkedFolder(folder: Folder, known?: Kind): Promise<Folder> {
  const path = displayPath(folder);
  if (!folder.vfs.capabilities.durable) {
    throw usageError(`${path} has no locks of others: its store lives in one process only`);
  }
  if (folder.vfs.scheme !== 'file') return folder;
  const kind = known ?? (await kindOf(path));
  if (kind === 'nothing') throw usageError(`there is no folder ${path}`);
  if (kind === 'file') throw usageError(`${path} is not a folder`);
  return folder;
}

async function checkLocalFile(path: string): Promise<void> {
  const found = await kindOf(path);
  if (found === 'folder') {
    throw usageError(`cannot lock ${path}: it is a folder; expected a file, which need not exist yet`);
  }
  if (found === 'unknown') return;
  const folder = dirname(path);
  const kind = await kindOf(folder);
  if (kind === 'nothing') throw usageError(`cannot lock ${path}: there is no folder ${folder}`);
  if (kind === 'file') throw usageError(`cannot lock ${path}: ${folder} is not a folder`);
}

/** What stands at a path. */
type Kind = 'folder' | 'file' | 'nothing' | 'unknown';

/** How long a disk may take to say what a path is before the store is left to find out. */
const LOOK_MS = 400;

export async function kindOf(path: string): Promise<Kind> {
  try {
    return (await untilAborted(stat(path), undefined, { limitMs: LOOK_MS })).isDirectory() ? 'folder' : 'file';
  } catch (error) {
    // For every other failure, such as a missing permission or a disk that hangs, the store reports the reason later.
    return ['ENOENT', 'ENOTDIR'].includes(String((error as NodeJS.ErrnoException).code)) ? 'nothing' : 'unknown';
  }
}
