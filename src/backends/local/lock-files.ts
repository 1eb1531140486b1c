import { freshId } from '../../util/fresh-id.js';
import type { Steps } from '../../util/steps.js';
import { stagedPath } from '../../vfs/names.js';
import type { Snapshot, Written } from '../../vfs/vfs.js';
import { createFile as createPlainFile, discard } from '../shared/plain/lock-files.js';
import { codeOf, LINKLESS } from '../shared/plain/posix-errors.js';
import type { LocalFiles } from './files.js';

/** Two timestamps in whole seconds come from a file system with a coarse clock; that of FAT has the lowest resolution. */
const COARSE_RESOLUTION_MS = 2000;

/**
 * Reads a file and, on request, the disk's clock: the modification time of a scratch file that is made for it. Where each client
 * stamps its own files there is no such clock.
 */
export function* readFile(
  files: LocalFiles,
  path: string,
  options: { readonly clock: boolean; readonly maxBytes: number },
): Steps<Omit<Snapshot, 'path'> | undefined> {
  const image = yield* files.readWhole(path, options.maxBytes);
  if (image === undefined) return undefined;
  const nowMs = options.clock ? yield* readDiskClock(files, path) : undefined;
  const coarse = nowMs !== undefined && nowMs % 1000 === 0 && image.modifiedMs % 1000 === 0;
  return { ...image, nowMs: coarse ? nowMs - COARSE_RESOLUTION_MS : nowMs };
}

/** Creates a file. `hardLinks` false: without trying a hard link. */
export function createFile(
  files: LocalFiles,
  path: string,
  data: Uint8Array,
  hardLinks: boolean,
): Steps<Written | undefined> {
  return createPlainFile(files, path, data, hardLinks ? (staged) => linkStaged(files, staged, path, data) : undefined);
}

function* linkStaged(
  files: LocalFiles,
  staged: string,
  path: string,
  data: Uint8Array,
): Steps<'created' | 'taken' | 'linkless'> {
  try {
    yield* files.write(staged, data);
    yield* files.link(staged, path);
    return 'created';
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return 'taken';
    if (LINKLESS.includes(codeOf(error))) return 'linkless';
    throw error;
  } finally {
    yield* discard(files, staged);
  }
}

function* readDiskClock(files: LocalFiles, path: string): Steps<number | undefined> {
  try {
    if (!(yield* files.hasOneClock())) return undefined;
    return yield* stampScratch(files, stagedPath(path, freshId()));
  } catch {
    // A reader without permission to write, or a full disk: the time stays unknown.
    return undefined;
  }
}

function* stampScratch(files: LocalFiles, scratch: string): Steps<number> {
  try {
    return yield* files.stamp(scratch);
  } finally {
    yield* discard(files, scratch);
  }
}
