// @ts-check
// Takes the lock of a file, and has nothing more to do.
import { Lockfile } from 'vfs-lockfile';

const lock = await Lockfile.open(String(process.argv[2]), { ttl: '1h' });
await lock.acquire();
lock.signal.addEventListener('abort', () => console.log('lost'));
void lock.lost.then(() => console.log('lost'));
console.log('held');
