import { ask, type Eventual, type Steps } from '../../../util/steps.js';
import type { Version, Written } from '../../../vfs/vfs.js';
import { recordVersion, viaIn } from '../content-version.js';
import type { Holder } from './holder.js';
import type { HolderFiles, Stamp } from './holder-folder.js';
import { removeFile, replaceFile, type LockFiles } from './lock-files.js';

/** Who changes a lock file. */
export interface LockParty {
  readonly holder: Holder;
  /** Called when a lock was created through the holder's folder. */
  taken(): void;
}

/** The file operations of one change: through the holder's folder (`own`), and through the guard. */
export interface OwnLockFiles {
  readonly own: HolderFiles;
  readonly files: LockFiles & {
    /** The stamp of the file that was written last. */
    readonly writtenStamp: Eventual<Stamp>;
  };
}

/** A record, and the holder's folder that it names. */
export interface NewRecord {
  readonly data: Uint8Array;
  readonly via: string | undefined;
}

/** How to create a lock file without a holder's folder, and whether that makes a hard link. */
export interface PlainCreation {
  readonly hardLinks: boolean;
  readonly create: () => Steps<Written | undefined>;
}

/** Creates a lock file, through the private folder of this party where the record names that. */
export function* createLock(
  { own, files }: OwnLockFiles,
  path: string,
  { data, via }: NewRecord,
  plain: PlainCreation,
  party: LockParty,
): Steps<Written | undefined> {
  const { holder } = party;
  try {
    if (plain.hardLinks && via !== undefined) {
      const version = recordVersion(data, via);
      const outcome = yield* holder.create(own, path, data, { via, version });
      if (outcome === 'made') party.taken();
      if (outcome !== undefined) return outcome === 'made' ? { version } : undefined;
    }
    yield* holder.giveWay(own, path, undefined);
    const written = yield* plain.create();
    if (written && via !== undefined && !plain.hardLinks)
      holder.note(path, written.version, via, yield* ask(files.writtenStamp));
    return written;
  } finally {
    holder.settle();
  }
}

/** Replaces a lock file: directly if it is this party's own, else through the guard. */
export function* replaceLock(
  { own, files }: OwnLockFiles,
  path: string,
  expected: Version,
  { data, via }: NewRecord,
  { holder }: LockParty,
): Steps<Written | undefined> {
  const version = recordVersion(data, via);
  try {
    if ((yield* holder.replace(own, path, expected, { data, via, version })) === 'done') return { version };
    yield* holder.giveWay(own, path, viaIn(expected));
    const written = yield* replaceFile(files, path, expected, data);
    if (written && via !== undefined) holder.note(path, written.version, via, yield* ask(files.writtenStamp));
    return written;
  } finally {
    holder.settle();
  }
}

/** Removes a lock file: directly if it is this party's own, else through the guard. */
export function* removeLock(
  { own, files }: OwnLockFiles,
  path: string,
  expected: Version,
  { holder }: LockParty,
): Steps<boolean> {
  try {
    if ((yield* holder.remove(own, path, expected)) === 'done') return true;
    yield* holder.giveWay(own, path, viaIn(expected));
    return yield* removeFile(files, path, expected);
  } finally {
    holder.settle();
  }
}
