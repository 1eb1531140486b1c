// @ts-check
// Waits for the lock of a file with nothing else to keep it alive, takes it, and gives it back.
import { Lockfile } from 'vfs-lockfile';

const lock = await Lockfile.open(String(process.argv[2]));
console.log('waiting');
await lock.acquire({ wait: Infinity });
console.log('held');
await lock.release();
console.log('released');
