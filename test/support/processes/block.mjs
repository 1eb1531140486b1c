// @ts-check
// Takes a lock with a short lease, blocks the event loop until a certain file appears, then prints how it went.
import { existsSync } from 'node:fs';

import { Lockfile } from 'vfs-lockfile';

const [, , file = '', end = ''] = process.argv;
const lock = await Lockfile.open(file, { ttl: 300 });
await lock.acquire();
const { signal } = lock;
process.stdout.write('ready\n');
while (!existsSync(end)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
const { held, loss } = lock;
const released = await lock.release();
console.log(JSON.stringify({ held, reason: loss?.reason, aborted: signal.aborted, released }));
