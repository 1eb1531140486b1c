import { setTimeout as sleep } from 'node:timers/promises';

import { Lockfile, VfsFile, type LockOptions, type LockRecord, type Vfs } from '../../src/index.js';
import { freshId } from '../../src/names.js';
import { inspect } from '../../src/operate/index.js';
import { encodeRecord } from '../../src/record.js';
import { GO_RECORD } from '../records.js';
import type { Place } from './stores.js';

/** A file in the folder of a place. */
export function fileAt({ vfs, path }: Pick<Place, 'vfs' | 'path'>, name: string): VfsFile {
  return new VfsFile(vfs, `${path}/${name}`);
}

/** Takes a lock that is not given back. */
export async function held(file: VfsFile, options?: LockOptions): Promise<Lockfile> {
  const lock = new Lockfile(file, options);
  await lock.acquire({ wait: 0 });
  return lock;
}

/** What another machine wrote that is not heard of any more. */
export function foreign(change: Partial<LockRecord> = {}): LockRecord {
  const id = { lockId: freshId(), nonce: freshId() };
  return { ...GO_RECORD, createdAt: new Date(), hostname: 'elsewhere', ...id, leaseMs: 300_000, ...change };
}

export async function putLock(vfs: Vfs, path: string, record: LockRecord | string): Promise<void> {
  await vfs.write(`${path}.lock`, Buffer.from(typeof record === 'string' ? record : encodeRecord(record)));
}

/** Waits until the locks of files are stale. */
export async function untilStale(...files: readonly VfsFile[]): Promise<void> {
  for (const file of files) while ((await inspect(file)).state !== 'stale') await sleep(50);
}

export async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

/** The names of everything below a folder. */
export async function namesIn({ vfs, path }: Pick<Place, 'vfs' | 'path'>): Promise<string[]> {
  const entries = await all(vfs.list(path, { recursive: true }));
  return entries.map((entry) => entry.path.slice(path.length + 1)).sort();
}
