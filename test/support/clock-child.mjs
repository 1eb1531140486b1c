// @ts-check
// clock-child.mjs s3|gs BUCKET FILE VERB TTL: one party of a lock, whose clock may be wrong. Endpoint and keys come with the environment.
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Lockfile, openFile } from 'vfs-lockfile';

const [scheme = '', bucket = '', name = '', verb, ttl] = process.argv.slice(2);
const lock = new Lockfile(await openFile(`${scheme}://${bucket}/${encodeURIComponent(name)}`), { ttl: Number(ttl) });

/** @param {object} news */
function tell(news) {
  process.stdout.write(`${JSON.stringify(news)}\n`);
}

if (verb === 'look') {
  tell({ wallMs: Date.now(), stale: await lock.isStale(), ageMs: await lock.age(), won: await lock.tryAcquire() });
} else if (verb === 'take') {
  await lock.acquire({ wait: '10m' });
  tell({ reason: lock.reclaimedFrom?.reason });
  await lock.release();
} else {
  await lock.acquire({ wait: '10m' });
  tell({ held: true });
  void lock.lost.then((loss) => {
    tell({ lost: loss.reason });
  });
  // Until it is asked to end.
  for await (const line of createInterface(process.stdin)) {
    if (line === 'tell') tell({ held: lock.held, renewals: lock.record?.renewals });
    else break;
  }
  await sleep(0);
  tell({ released: await lock.release() });
}
