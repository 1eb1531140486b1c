// @ts-check
// eager.mjs FILE LOG NAME: asks for the lock of FILE without ever resting, says "eager" when it starts to and appends one
// line to LOG, as beat.mjs does, once it has it.
import { appendFileSync } from 'node:fs';

import { Lockfile } from 'vfs-lockfile';

const [, , file = '', log = '', name = ''] = process.argv;
const lock = await Lockfile.open(file);
console.log('eager');
while (!(await lock.tryAcquire())) await new Promise((resolve) => setImmediate(resolve));
appendFileSync(log, `${name} ${process.pid} ${Date.now()}\n`);
await lock.release();
