import type { Steps } from '../../../util/steps.js';
import type { Version } from '../../../vfs/vfs.js';
import {
  isSameStamp,
  nextEntry,
  type HolderFiles,
  type HolderFolder,
  type Published,
  type Stamp,
} from './holder-folder.js';
import { discard } from './lock-files.js';
import { ABSENT, codeOf, isRefusal, LINKLESS } from './posix-errors.js';

// The acts of a holder through its private folder. Each is a function of this module: to create a generator function for each act
// would cost more than the act.

/** `'stranger'`: this party cannot act as the holder (any more); the change has to go through the guard. */
export type OwnOutcome = 'done' | 'stranger';

/** Whether the record there is still the one that this party wrote. A part of the act, so that no other act slips in behind it. */
export function* isUnchanged(files: HolderFiles, lock: string, folder: HolderFolder, next?: string): Steps<boolean> {
  const own = folder.own.get(lock);
  const found = own && (yield* files.stampOf(lock, next));
  if (own && found && isSameStamp(found, own.stamp)) return true;
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
  const entry = nextEntry(folder, 'new');
  const published = yield* files.publish?.(entry, data, lock) ?? publish(files, entry, data, lock);
  if (published === 'linkless') return undefined;
  if (published === 'taken') return 'taken';
  folder.own.set(lock, { version, stamp: published.stamp });
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
  const stamp = yield* writeEntry(files, entry, data);
  try {
    yield* files.rename(entry, lock);
  } catch (error) {
    yield* discardRefused(files, entry, codeOf(error));
    throw error;
  }
  folder.own.set(lock, { version, stamp });
  return 'done';
}

function* publish(files: HolderFiles, entry: string, data: Uint8Array, lock: string): Steps<Published> {
  const stamp = yield* writeEntry(files, entry, data);
  try {
    yield* files.link(entry, lock);
  } catch (error) {
    const code = codeOf(error);
    const isAnswer = code === 'EEXIST' || LINKLESS.includes(code);
    yield* isAnswer ? discard(files, entry) : discardRefused(files, entry, code);
    if (!isAnswer) throw error;
    return code === 'EEXIST' ? 'taken' : 'linkless';
  }
  yield* discard(files, entry);
  return { stamp };
}

/** After a refusal the folder stays, and so would the file. After any other failure the folder goes. */
function* discardRefused(files: HolderFiles, entry: string, code: string): Steps<void> {
  if (isRefusal(code) && !ABSENT.includes(code)) yield* discard(files, entry);
}

function* writeEntry(files: HolderFiles, entry: string, data: Uint8Array): Steps<Stamp> {
  try {
    return yield* files.writeStamped(entry, data);
  } catch (error) {
    yield* discard(files, entry);
    throw error;
  }
}
