// Measures locks over OpenSSH on this machine, and prints what it found as JSON.
import { setTimeout as pause } from 'node:timers/promises';

import { Lockfile, VfsFile } from 'vfs-lockfile';
import { sftpVfs, type SftpVfs } from 'vfs-lockfile/sftp';

import { Proxy } from '../servers/sftp/proxy.js';
import { missing, openSsh, startServer, type Server } from '../servers/sftp/servers.js';

export interface Cost {
  /** Milliseconds of each time. */
  readonly ms: readonly number[];
  readonly trips: number;
}

/** By latency in milliseconds, and then by what was done. `missing` is why nothing was. */
export interface Answer {
  readonly missing?: string;
  readonly costs?: Readonly<Record<number, Readonly<Record<string, Cost>>>>;
}

/** How often each, by latency. */
const ROUNDS: Readonly<Record<number, number>> = { 0: 300, 50: 20 };
const WARM = 3;

const lacking = missing(openSsh);
if (lacking === undefined) {
  const server = await startServer(openSsh);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => void server.dispose().finally(() => process.exit(1)));
  }
  try {
    const costs: Record<number, Record<string, Cost>> = {};
    for (const [latency, rounds] of Object.entries(ROUNDS)) {
      costs[Number(latency)] = await measure(server, Number(latency), rounds);
    }
    tell({ costs });
  } finally {
    await server.dispose();
  }
} else {
  tell({ missing: lacking });
}

function tell(answer: Answer): void {
  console.log(JSON.stringify(answer));
}

async function measure(server: Server, latencyMs: number, rounds: number): Promise<Record<string, Cost>> {
  const proxy = await Proxy.to(server.port, latencyMs);
  const other = sftpVfs(server.options);
  const options = { ...server.options, port: proxy.port, hostKey: server.fingerprint, keepalive: '1h' };
  const vfs = sftpVfs(options);
  try {
    const holder = new Lockfile(new VfsFile(other, 'held.csv'), { ttl: '1h' });
    await holder.acquire();
    const costs = await measureCalls(proxy, vfs, rounds);
    await holder.release();
    return costs;
  } finally {
    vfs.close();
    other.close();
    await proxy.close();
  }
}

async function measureCalls(proxy: Proxy, vfs: SftpVfs, rounds: number): Promise<Record<string, Cost>> {
  const lock = new Lockfile(new VfsFile(vfs, 'data.csv'), { renew: false });
  const held = new Lockfile(new VfsFile(vfs, 'held.csv'), { renew: false });
  const calls: Readonly<Record<string, () => Promise<unknown>>> = {
    stat: () => vfs.stat('data.csv'),
    acquire: () => lock.acquire({ wait: 0 }),
    renew: () => lock.renew(),
    release: () => lock.release(),
    'try at a held lock': () => held.tryAcquire(),
  };
  const found = Object.fromEntries(Object.keys(calls).map((name) => [name, { ms: [] as number[], trips: 0 }]));
  for (let round = -WARM; round < rounds; round += 1) {
    for (const [name, call] of Object.entries(calls)) {
      const [trips, sinceMs] = [proxy.roundTrips, performance.now()];
      await call();
      const ms = performance.now() - sinceMs;
      const cost = found[name];
      if (round >= 0 && cost) {
        cost.ms.push(ms);
        cost.trips = Math.max(cost.trips, proxy.roundTrips - trips);
      }
      // What nobody waits for is on its way back still.
      await pause(proxy.latencyMs * 2 + 1);
    }
  }
  return found;
}
