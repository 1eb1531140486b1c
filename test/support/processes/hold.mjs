// @ts-check
// Takes the lock of a file, says so, and keeps it. Arguments: the file, the ttl, and whose pid to write (default: its own).
import { Lockfile } from 'vfs-lockfile';

const [, , file = '', ttl = '1h', pid = process.pid] = process.argv;
const lock = await Lockfile.open(file, { ttl, pid: Number(pid), ownerId: 'child' });
await lock.acquire();
console.log(process.pid);
process.stdin.resume();
