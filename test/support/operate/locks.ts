import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import {
  Lockfile,
  VfsFile,
  type CallOptions,
  type Entry,
  type LockOptions,
  type LockRecord,
  type Version,
  type Vfs,
} from '../../../src/index.js';
import { freshId } from '../../../src/util/fresh-id.js';
import { inspect } from '../../../src/admin/index.js';
import { decodeRecord, encodeRecord } from '../../../src/lock/model/record.js';
import { GO_RECORD } from '../records.js';
import { WrappedVfs } from '../stores/wrapped-vfs.js';
import { AgedVfs } from './aged-vfs.js';
import type { Place } from './stores.js';

/** A file in the folder of a place. */
export function fileAt({ vfs, path }: Pick<Place, 'vfs' | 'path'>, name: string): VfsFile {
  return new VfsFile(vfs, `${path}/${name}`);
}

/** Takes a lock and never releases it. */
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

/** Writes a lock by its version, as a bucket may demand. */
export async function putLock(vfs: Vfs, path: string, record: LockRecord | string): Promise<void> {
  const lock = `${path}.lock`;
  const data = Buffer.from(typeof record === 'string' ? record : encodeRecord(record));
  const found = await vfs.read(lock);
  const written = await (found ? vfs.replace(lock, found.version, data) : createIn(vfs, lock, data));
  if (!written) throw new Error(`${lock} was changed meanwhile`);
}

/** A lock, and the folder that it is in. */
async function createIn(vfs: Vfs, lock: string, data: Uint8Array): Promise<unknown> {
  const beside = `${lock.slice(0, lock.lastIndexOf('/') + 1)}beside-${randomUUID()}`;
  await vfs.write(beside, Buffer.from(''));
  const written = await vfs.create(lock, data);
  await vfs.delete(beside);
  return written;
}

/** Longer than the leases of the tests and the grain of any store's clock. */
const LONG_MS = 10_000;

/** Waits until the locks of files are stale, or has their store's clock go on where it can be brought to. */
export async function untilStale(...files: readonly VfsFile[]): Promise<void> {
  for (const { vfs, path } of files) if (vfs instanceof AgedVfs) vfs.age(`${path}.lock`, LONG_MS);
  for (const file of files) while ((await inspect(file)).state !== 'stale') await sleep(50);
}

export async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

/** The names of everything below a folder, but for tombstones where the store has no other way to give locks back. */
export async function namesIn({ vfs, path }: Pick<Place, 'vfs' | 'path'>): Promise<string[]> {
  const entries = await all(vfs.list(path, { recursive: true }));
  const paths = keepsTombstones(vfs) ? await withoutTombstones(vfs, entries) : entries.map((entry) => entry.path);
  return paths.map((each) => each.slice(path.length + 1)).sort();
}

/** Whether a lock is released by a tombstone, which stays. */
export function keepsTombstones({ capabilities }: Vfs): boolean {
  return capabilities.remove === 'none';
}

async function withoutTombstones(vfs: Vfs, entries: readonly Entry[]): Promise<string[]> {
  const paths: string[] = [];
  for (const { path } of entries) {
    const record = path.endsWith('.lock') ? decodeRecord((await vfs.read(path))?.data ?? new Uint8Array()) : undefined;
    if (!record?.released) paths.push(path);
  }
  return paths;
}

/** A store in which something happens just before each attempt to give a lock back or to free it, by whichever call. */
export class MeddledVfs extends WrappedVfs {
  readonly #meddle: (lock: string) => Promise<void>;

  constructor(inner: Vfs, meddle: (lock: string) => Promise<void>) {
    super(inner);
    this.#meddle = meddle;
  }

  override async replace(path: string, version: Version, data: Uint8Array, options?: CallOptions) {
    await this.#meddle(path);
    return await super.replace(path, version, data, options);
  }
  override async remove(path: string, version: Version, options?: CallOptions): Promise<boolean> {
    await this.#meddle(path);
    return await super.remove(path, version, options);
  }
}

/** A file whose path is so long that no lock can stand beside it, or as long as any that the store takes. */
export function lockless({ vfs, path }: Place, mostBytes = 1024): VfsFile {
  for (let bytes = mostBytes; ; bytes -= 1) {
    const long = `${path}/${'x'.repeat(bytes)}`;
    try {
      return new VfsFile(vfs, long);
    } catch (error) {
      if (bytes === 1) throw error;
    }
  }
}
