// @ts-check
/**
 * A process that knows nothing of what went before: takes each lock and gives it back, and prints what went wrong.
 * Arguments: the folder of the locked files, `links` or `linkless`, the files' names.
 */
import { localVfs, Lockfile, VfsFile } from 'vfs-lockfile';

/** Longer than any lease of the run, and than the patience with whoever was killed inside a guard. */
const WAIT = '10s';

const [, , root = '', links = '', ...files] = process.argv;
const vfs = localVfs({ root, hardLinks: links !== 'linkless' });
const troubles = files.map(async (file) => {
  const lock = new Lockfile(new VfsFile(vfs, file));
  try {
    await lock.acquire({ wait: WAIT });
    if (!(await lock.release())) return `${file}: lost at once`;
  } catch (error) {
    return `${file}: ${String(error)}`;
  }
  const left = await lock.metadata();
  return left && `${file}: a lock was left behind by ${left.ownerId}`;
});
console.log(JSON.stringify((await Promise.all(troubles)).filter((trouble) => trouble !== undefined)));
