// @ts-check
// Waits without end for a lock that another caller in this process has, with nothing else to keep the process alive.
import { Lockfile } from 'vfs-lockfile';

const first = await Lockfile.open(String(process.argv[2]));
await first.acquire();
setTimeout(() => void first.release(), 500).unref();
const second = await Lockfile.open(String(process.argv[2]));
await second.acquire({ wait: Infinity });
console.log('held');
await second.release();
