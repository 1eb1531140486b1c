// @ts-check
// Argument: the store as JSON. Takes one lock or gives it back as told, and answers when: in nanoseconds of CLOCK_MONOTONIC,
// the same clock for all processes of a machine.
import { Lockfile, VfsFile } from 'vfs-lockfile';

import { openStore } from '../proof/torture/store.mjs';
import { answer } from './workshop.mjs';

const [, , store = ''] = process.argv;
const lock = new Lockfile(new VfsFile(openStore(JSON.parse(store)), 'popular.csv'));

answer(async (order) => {
  if (order === 'ready') {
    await lock.metadata();
    return 'ready';
  }
  if (order === 'acquire') {
    await lock.acquire({ wait: '5m' });
    return String(process.hrtime.bigint());
  }
  const at = process.hrtime.bigint();
  await lock.release();
  return String(at);
});
