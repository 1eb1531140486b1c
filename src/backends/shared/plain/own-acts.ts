import type { Steps } from '../../../util/steps.js';
import type { Version } from '../../../vfs/vfs.js';
import { nextEntry, type HolderFiles, type HolderFolder, type Published, type Spare } from './holder-folder.js';
import { discard } from './lock-files.js';
import { ABSENT, codeOf, isRefusal, LINKLESS } from './posix-errors.js';
import { mayKeep, mayStay, putAside, stage } from './spare.js';

// The acts of a holder through its private folder. Each is a function of this module: to create a generator function for each act
// would cost more than the act.

/** `'stranger'`: this party cannot act as the holder (any more); the change has to go through the guard. */
export type OwnOutcome = 'done' | 'stranger';

/** Whether the record there is still the one that this party wrote. A part of the act, so that no other act slips in behind it. */
export function* isUnchanged(files: HolderFiles, lock: string, folder: HolderFolder, next?: string): Steps<boolean> {
  const own = folder.own.get(lock);
  if (own !== undefined && (yield* files.stampOf(lock, next)) === own.stamp) return true;
  folder.own.delete(lock);
  return false;
}

/** A record to write, and its version. */
interface OwnContent {
  readonly data: Uint8Array;
  readonly version: Version;
}

export function* publishOwn(
  files: HolderFiles,
  lock: string,
  folder: HolderFolder,
  { data, version }: OwnContent,
): Steps<'made' | 'taken' | undefined> {
  const published = yield* files.publish?.(nextEntry(folder, 'new'), data, lock) ?? publish(files, lock, folder, data);
  if (published === 'linkless') return undefined;
  if (published === 'taken') return 'taken';
  folder.own.set(lock, { version, stamp: published.stamp, mayStay: mayStay(data) });
  return 'made';
}

export function* replaceOwn(
  files: HolderFiles,
  lock: string,
  folder: HolderFolder,
  { data, version }: OwnContent,
): Steps<OwnOutcome> {
  const entry = nextEntry(folder, 'new');
  if (!(yield* isUnchanged(files, lock, folder, entry))) {
    yield* discard(files, entry);
    return 'stranger';
  }
  const staged = yield* stage(files, folder, data, entry);
  const last = yield* linkAside(files, lock, folder);
  try {
    yield* files.rename(staged.entry, lock);
  } catch (error) {
    const code = codeOf(error);
    // The folder stays, and so would they.
    if (isRefusal(code) && !ABSENT.includes(code))
      for (const unwanted of [staged, ...(last ? [last] : [])]) yield* discard(files, unwanted.entry);
    throw error;
  }
  folder.own.set(lock, { version, stamp: staged.stamp, mayStay: mayStay(data) });
  if (last !== undefined) yield* putAside(files, folder, last);
  return 'done';
}

/** Takes an own record away. */
export function* removeOwn(files: HolderFiles, lock: string, folder: HolderFolder): Steps<OwnOutcome> {
  const entry = nextEntry(folder, 'taken');
  const own = folder.own.get(lock);
  if (own === undefined || !(yield* isUnchanged(files, lock, folder))) return 'stranger';
  yield* files.rename(lock, entry);
  folder.own.delete(lock);
  yield* own.mayStay ? putAside(files, folder, { entry, stamp: own.stamp }) : discard(files, entry);
  return 'done';
}

function* publish(files: HolderFiles, lock: string, folder: HolderFolder, data: Uint8Array): Steps<Published> {
  const staged = yield* stage(files, folder, data);
  try {
    yield* files.link(staged.entry, lock);
  } catch (error) {
    const code = codeOf(error);
    if (code !== 'EEXIST' && !LINKLESS.includes(code)) throw error;
    yield* code === 'EEXIST' && mayStay(data) ? putAside(files, folder, staged) : discard(files, staged.entry);
    return code === 'EEXIST' ? 'taken' : 'linkless';
  }
  folder.hasLinks = true;
  yield* discard(files, staged.entry);
  return { stamp: staged.stamp };
}

/** A second name for an own record that is about to be replaced, so that its file stays. Undefined: it will not be kept. */
function* linkAside(files: HolderFiles, lock: string, folder: HolderFolder): Steps<Spare | undefined> {
  const own = folder.own.get(lock);
  if (!own?.mayStay || !folder.hasLinks || !(yield* mayKeep(files, folder))) return undefined;
  const entry = nextEntry(folder, 'taken');
  try {
    yield* files.link(lock, entry);
  } catch (error) {
    // The lock or the folder is gone.
    if (ABSENT.includes(codeOf(error))) throw error;
    // No renewal may fail for want of it: a file may be replaced where no link to it may be made, as one with another owner.
    yield* discard(files, entry);
    return undefined;
  }
  return { entry, stamp: own.stamp };
}
