import { wallMs } from '../util/time.js';
import { hostname } from 'node:os';

import { userName } from '../util/user-name.js';
import { APPEND_BYTES } from '../vfs/append.js';
import { VfsError } from '../vfs/errors.js';
import type { VfsFile } from '../vfs/file.js';
import { pathIn, type Folder } from '../vfs/path.js';
import { fileName, journalFolder, uniqueFileName, writerName } from './place.js';

/** Where the lines of a journal go. */
export interface Sink {
  /** The most bytes of one write. */
  readonly maxBytes: number;
  /** For how long lines are collected, in milliseconds, where each write is a request to a server. */
  readonly delayMs: number;
  write(data: Uint8Array, signal: AbortSignal): Promise<void>;
  /** The same, done when it returns. Absent: the store is not local. */
  writeNow?(data: Uint8Array): void;
}

/** The longest that lines wait for a request that takes more of them. */
const COLLECT_MS = 1000;

/** Most objects are much smaller. */
const OBJECT_BYTES = 262_144;

/** One local file for the lines of all locks. */
export function fileSink({ vfs, path }: VfsFile): Sink {
  const { sync } = vfs;
  return {
    maxBytes: APPEND_BYTES,
    delayMs: 0,
    write: async (data, signal) => vfs.append?.(path, data, { signal }),
    ...(sync?.append && { writeNow: (data) => sync.append?.(path, data) }),
  };
}

/** The folder of a location's journal: one file a day, host and user, or one for each write where the store cannot append. */
export function folderSink(location: Folder): Sink {
  const folder = journalFolder(location);
  const { vfs } = folder;
  const { sync } = vfs;
  const writer = writerName(hostname(), userName());
  let canAppend = vfs.append !== undefined;
  const writeAlone = (data: Uint8Array, signal: AbortSignal): Promise<void> =>
    vfs.write(pathIn(folder, uniqueFileName(writer, new Date(wallMs()))), data, { signal });
  const ownPath = (): string => pathIn(folder, fileName(writer, new Date(wallMs())));
  return {
    get maxBytes() {
      return canAppend ? APPEND_BYTES : OBJECT_BYTES;
    },
    delayMs: sync || vfs.scheme === 'mem' ? 0 : COLLECT_MS,
    write: async (data, signal) => {
      if (!canAppend) return writeAlone(data, signal);
      try {
        await vfs.append?.(ownPath(), data, { signal });
      } catch (error) {
        if (!(error instanceof VfsError) || error.code !== 'ERR_VFS_UNSUPPORTED') throw error;
        canAppend = false;
        await writeAlone(data, signal);
      }
    },
    ...(sync?.append && { writeNow: (data) => sync.append?.(ownPath(), data) }),
  };
}
