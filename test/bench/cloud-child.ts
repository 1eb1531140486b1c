// Measures locks on servers of this machine, and prints what it found as JSON, in its last line. Arguments: `s3` or `gcs`, and
// the script of one in a crowd.
import { Lockfile, VfsFile, type Vfs } from 'vfs-lockfile';

import type { S3Proxy } from '../support/http-proxy.js';
import { crowd, type CrowdCost } from './crowd.js';
import { gcsBooths } from './gcs-booth.js';
import { HELD, TOMBSTONE } from './record.js';
import { s3Booths } from './s3-booth.js';

/** A server, a way to it that is watched, and what others do there. */
export interface Booth {
  readonly name: string;
  readonly proxy: S3Proxy;
  /** Through the proxy. */
  readonly vfs: Vfs;
  /** Past the proxy. */
  readonly aside: Vfs;
  /** What every other cost is compared with: one plain write by the same SDK. */
  readonly put: () => Promise<unknown>;
  readonly anchors: Readonly<Record<string, () => Promise<unknown>>>;
  /** For a process of its own: the store as JSON, and what its environment has in addition. */
  readonly store: string;
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** How to get it, and how to open it; `missing` is why it cannot be. */
export interface BoothKind {
  readonly name: string;
  readonly missing: string | undefined;
  readonly open: () => Promise<Booth>;
  readonly crowded: boolean;
}

export interface Cost {
  /** Milliseconds of each time. */
  readonly ms: readonly number[];
  readonly requests: number;
}

/** The results of each store. `missing` says why there are none. */
export interface Answer {
  readonly name: string;
  readonly missing?: string;
  readonly costs?: Readonly<Record<string, Cost>>;
  readonly crowd?: CrowdCost;
}

const ROUNDS = 60;
const WARM = 5;

const [, , store = '', crowdScript = ''] = process.argv;
const answers: Answer[] = [];
for (const { name, missing, open, crowded } of store === 's3' ? s3Booths : gcsBooths) {
  if (missing !== undefined) {
    answers.push({ name, missing });
    continue;
  }
  const booth = await open();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => void booth.close().finally(() => process.exit(1)));
  }
  try {
    const costs = await measure(booth);
    answers.push({ name, costs, ...(crowded && { crowd: await crowd(booth, crowdScript) }) });
  } finally {
    await booth.close();
  }
}
// The servers' own set-up has had its say above.
process.stdout.write(`\n${JSON.stringify(answers)}`, () => process.exit());

async function measure(booth: Booth): Promise<Record<string, Cost>> {
  const { proxy, vfs, aside } = booth;
  await aside.create('held.csv.lock', HELD);
  const lock = new Lockfile(new VfsFile(vfs, 'data.csv'), { renew: false });
  const held = new Lockfile(new VfsFile(vfs, 'held.csv'), { renew: false });
  const found: Record<string, { ms: number[]; requests: number }> = {};
  for (let round = -WARM; round < ROUNDS; round += 1) {
    const leaves = vfs.capabilities.remove === 'none';
    const left = new Lockfile(new VfsFile(vfs, `left-${String(round)}.csv`), { renew: false });
    if (leaves) await aside.create(`left-${String(round)}.csv.lock`, TOMBSTONE);
    const calls: Readonly<Record<string, () => Promise<unknown>>> = {
      'a PUT by the SDK': booth.put,
      acquire: () => lock.acquire({ wait: 0 }),
      renew: () => lock.renew(),
      release: () => lock.release(),
      'try at a held lock': () => held.tryAcquire(),
      ...(leaves && { 'take over a tombstone that others left': () => left.acquire({ wait: 0 }) }),
      ...booth.anchors,
    };
    for (const [name, call] of Object.entries(calls)) {
      proxy.taken();
      const sinceMs = performance.now();
      await call();
      const ms = performance.now() - sinceMs;
      if (round < 0) continue;
      const cost = (found[name] ??= { ms: [], requests: 0 });
      cost.ms.push(ms);
      cost.requests = Math.max(cost.requests, proxy.taken().length);
    }
  }
  return found;
}
