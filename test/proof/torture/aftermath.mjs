// @ts-check
/**
 * A process that knows nothing of what went before: takes each lock and gives it back, and prints what went wrong.
 * Arguments: the store as JSON, the folder of the journals, the files' names.
 */
import { Lockfile, VfsFile } from 'vfs-lockfile';

import { Journal } from './journal.mjs';
import { recorded } from './recorded.mjs';
import { openStore } from './store.mjs';

/** Longer than any lease of the run, and than the patience with whoever was killed inside a guard. */
const WAIT = '10s';

const [, , storeText = '', journalFolder = '', ...files] = process.argv;
const journal = new Journal(journalFolder, 'aftermath');
const vfs = recorded(openStore(JSON.parse(storeText)), (event) => journal.write(event));
const troubles = files.map(async (file) => {
  const lock = new Lockfile(new VfsFile(vfs, file));
  try {
    await lock.acquire({ wait: WAIT });
    if (!(await lock.release())) return `${file}: lost at once`;
  } catch (error) {
    return `${file}: ${String(error)}`;
  }
  const left = await lock.metadata();
  return left && !left.released && `${file}: a lock was left behind by ${left.ownerId}`;
});
console.log(JSON.stringify((await Promise.all(troubles)).filter((trouble) => typeof trouble === 'string')));
