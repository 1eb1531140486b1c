// @ts-check
// A program that uses the library: "worker-child.mjs LOCATION JOURNAL TTL FILE...". It notes each stay until it is ended.
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { Lockfile, VfsError } from 'vfs-lockfile';

const [, , location = '', journal = '', ttlText = '', ...files] = process.argv;
const ttl = Number(ttlText);
const steadyMs = () => Number(process.hrtime.bigint()) / 1e6;
const who = `worker-${String(process.pid)}`;

/**
 * A busy server may give no answer in time, which is no concern of the judge.
 *
 * @template T
 * @param {() => Promise<T>} call
 */
async function patiently(call) {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof VfsError)) throw error;
      await sleep(100);
    }
  }
}

for (;;) {
  const file = files[Math.floor(Math.random() * files.length)] ?? '';
  const lock = await Lockfile.open(`${location}/${file}`, { ownerId: who, ttl });
  const askedMs = steadyMs();
  if (!(await lock.tryAcquire().catch(() => false))) {
    await sleep(Math.random() * 50);
    continue;
  }
  const fromMs = steadyMs();
  const tookOver = lock.reclaimedFrom !== undefined;
  await sleep(Math.random() * 5);
  const untilMs = Math.min(steadyMs(), askedMs + ttl);
  appendFileSync(journal, `${JSON.stringify({ who, file, fromMs, untilMs, tookOver })}\n`);
  await patiently(() => lock.release());
}
