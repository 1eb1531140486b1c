import type { Journal } from '../../journal/index.js';
import { lockPathOf } from '../../lock/model/lock-path.js';
import { untilAborted } from '../../util/abort.js';
import type { VfsFile } from '../../vfs/file.js';
import { folderOf } from '../../vfs/path.js';
import { printError } from '../terminal/print-error.js';
import type { RawSetting } from '../usage/arguments.js';

/** The value of --journal for the journal in the folder of the lock. */
export const BESIDE = 'beside';

/** How long a store may take to accept the last lines. */
const CLOSE_MS = 2000;

/** Starts the journal that is asked for. A journal that cannot be written is reported once, and changes nothing else. */
export async function journalOf(
  where: RawSetting | undefined,
  file: VfsFile,
  lockPath: string | VfsFile | undefined,
): Promise<Journal | undefined> {
  if (where === undefined) return undefined;
  const { startJournal, startJournalFile } = await import('../../journal/index.js');
  const onError = ({ message }: Error): void => printError(`the journal is incomplete: ${message}`);
  if (where.text !== BESIDE) return startJournalFile(where.text, { onError });
  return startJournal({ vfs: file.vfs, path: folderOf(lockPathOf(file, lockPath)) }, { onError });
}

/** Writes what is left, if the store accepts it soon. */
export async function closeJournal(journal: Journal | undefined): Promise<void> {
  if (journal) await untilAborted(journal.close(), undefined, { limitMs: CLOSE_MS }).catch(() => undefined);
}
