import { stat } from 'node:fs/promises';

import { readHistory, readHistoryFile, type HistoryEntry, type HistoryOptions } from '../../../journal/index.js';
import { named } from '../../../lock/named.js';
import { openFile, openFolder } from '../../../open.js';
import { VfsFile } from '../../../vfs/file.js';
import { lockedPath, lockPath } from '../../../vfs/names.js';
import { folderOf, type Folder } from '../../../vfs/path.js';
import { BESIDE } from '../journal.js';
import { displayPath } from '../../terminal/display-path.js';
import type { ArgumentsOf } from '../../usage/arguments.js';

/** What `history` reads, and how it shows what it found. */
export interface HistorySource {
  /** What the history is of, for people. */
  readonly title: string;
  /** Removed from the paths of locks in a table. */
  readonly prefix: string;
  read(options: Pick<HistoryOptions, 'since' | 'onSkip' | 'signal'>): AsyncIterable<HistoryEntry>;
}

type Asked = Pick<ArgumentsOf<'history'>, 'file' | 'named' | 'in' | 'journal'>;

/** FILE is a file or its lock file, a folder of locks, or a journal in a file. */
export async function sourceOf(args: Asked): Promise<HistorySource> {
  const text = args.named ? named(args.file, args.in?.text) : args.file;
  if (typeof text === 'string' && (await isFolder(text))) return ofFolder(await openFolder(text), args.journal.text);
  const file = await openFile(text);
  if (file.name.endsWith('.jsonl')) return ofJournal(file);
  const lock = lockedPath(file.path) === undefined ? lockPath(file.path) : file.path;
  return ofLock(new VfsFile(file.vfs, lock), args.journal.text);
}

function ofJournal(file: VfsFile): HistorySource {
  return { title: String(file), prefix: '', read: (options) => readHistoryFile(file, options) };
}

function ofFolder(folder: Folder, journal: string): HistorySource {
  const title = displayPath(folder);
  const prefix = title.endsWith('/') ? title : `${title}/`;
  if (journal === BESIDE) return { title, prefix, read: (options) => readHistory(folder, options) };
  const read = (options: HistoryOptions): AsyncIterable<HistoryEntry> =>
    below(prefix, readHistoryFile(journal, options));
  return { title, prefix, read };
}

function ofLock({ vfs, path }: VfsFile, journal: string): HistorySource {
  const title = vfs.locate(path);
  const folder = { vfs, path: folderOf(path) };
  const prefix = title.slice(0, title.lastIndexOf('/') + 1);
  const read = (options: HistoryOptions): AsyncIterable<HistoryEntry> => {
    const wanted = { ...options, lock: title };
    return journal === BESIDE ? readHistory(folder, wanted) : readHistoryFile(journal, wanted);
  };
  return { title, prefix, read };
}

async function* below(prefix: string, entries: AsyncIterable<HistoryEntry>): AsyncGenerator<HistoryEntry> {
  for await (const entry of entries) if (entry.lock.startsWith(prefix)) yield entry;
}

/** On other stores than the local disk a slash at the end says so, or that there is a journal. */
async function isFolder(text: string): Promise<boolean> {
  if (text.endsWith('/')) return true;
  const file = await openFile(text);
  if (file.vfs.scheme === 'file') return (await stat(String(file)).catch(() => undefined))?.isDirectory() ?? false;
  for await (const entry of readHistory(await openFolder(text))) return entry.lock !== '';
  return false;
}
