// @ts-check
/** Looks at a lock many times and tries to take it over; prints by how much the process grew, in MiB. */
import { Lockfile, localVfs, lockSync, VfsFile } from 'vfs-lockfile';

const [folder = ''] = process.argv.slice(2);
const file = new VfsFile(localVfs({ root: folder }), 'data.csv');

const patient = new Lockfile(file, { ttl: '1h' });
await patient.isStale();
const before = process.memoryUsage.rss();
let most = before;
for (let looks = 0; looks < 100; looks += 1) {
  await patient.isStale();
  // The peak that the system keeps account of includes the process that started this one.
  most = Math.max(most, process.memoryUsage.rss());
}

/** @type {string[]} */
const codes = [];
const noted = (/** @type {unknown} */ error) => codes.push(/** @type {{ code: string }} */ (error).code);
await patient.tryAcquire().catch(noted);
await new Lockfile(file, { ttl: 300 }).acquire({ wait: '30s' }).catch(noted);
try {
  lockSync(file).release();
} catch (error) {
  noted(error);
}

console.log(JSON.stringify({ grownMiB: (most - before) / 2 ** 20, codes }));
