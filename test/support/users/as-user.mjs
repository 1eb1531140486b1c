// @ts-check
/** One lock's life, or a part of it, as whichever user this process runs as. Prints one line of JSON. */
import { readdirSync, rmdirSync } from 'node:fs';

import { Lockfile, localVfs, VfsFile } from 'vfs-lockfile';

const [folder = '', task = '', umask = '022'] = process.argv.slice(2);
process.umask(Number.parseInt(umask, 8));

// What is left behind is to be stale soon; what is done with a lock has time, however busy the machine is.
const ttl = task === 'abandon' ? 1000 : 60_000;
const lock = new Lockfile(new VfsFile(localVfs({ root: folder }), 'data.csv'), { ttl, renew: false });

/** Where a process is to be killed in the guard: takes its private folder away, as a cleaner of temporary files does. */
function cleanUp() {
  if (process.env.KILL_AFTER === undefined) return;
  for (const name of readdirSync(folder))
    if (/^\.vfs-lockfile-[0-9a-f]{32}$/.test(name)) rmdirSync(`${folder}/${name}`);
}

/** @type {Record<string, () => Promise<unknown>>} */
const tasks = {
  /** Leaves a lock behind that becomes stale. Nothing in it proves that its process is dead. */
  abandon: async () => {
    await lock.acquire({ wait: 0 });
    return 'abandoned';
  },
  look: () => lock.metadata(),
  cycle: async () => {
    await lock.acquire({ wait: '4m' });
    const reclaimed = lock.reclaimedFrom?.reason ?? null;
    cleanUp();
    await lock.renew();
    cleanUp();
    return { reclaimed, released: await lock.release() };
  },
};

try {
  console.log(JSON.stringify({ done: await tasks[task]?.() }));
} catch (error) {
  const { code, message } = /** @type {Error & { code?: string }} */ (error);
  console.log(JSON.stringify({ code, message }));
}
