import { readdirSync, readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { forceRelease, inspect, list, sweep } from '../../../../src/admin/index.js';
import { memVfs, type MemVfs } from '../../../../src/backends/mem/index.js';
import { inbox } from '../../../../src/inbox/index.js';
import { LockForeignError, Lockfile, VfsFile, withLock } from '../../../../src/index.js';
import { contentOf } from '../../../../src/lock/model/foreign.js';
import { encodeRecord } from '../../../../src/lock/model/record.js';
import { FOREIGN_LOCKS } from '../../../support/foreign-locks.js';
import { GO_RECORD } from '../../../support/records.js';

const FIXTURES = new URL('../../../../fixtures/records/', import.meta.url);
const fixture = (name: string): Buffer => readFileSync(new URL(name, FIXTURES));
const names = readdirSync(FIXTURES);

describe("U1: a lock file's content", () => {
  it.each(names.filter((name) => /^(go|ours)-/.test(name)))('is a record, and each part of it is torn: %s', (name) => {
    const whole = fixture(name);
    expect(contentOf(whole).record).toBeDefined();
    for (const data of [whole, Buffer.from(JSON.stringify(JSON.parse(whole.toString())))]) {
      for (let length = 0; length < data.length; length += 1) {
        const part = data.subarray(0, length);
        expect(contentOf(part), `${name} up to ${length}`).toEqual({});
        if (length > 0)
          expect(contentOf(Buffer.concat([part, Buffer.alloc(3)])), `${name} up to ${length}`).toEqual({});
      }
      // A disk may show this after a power failure.
      expect(contentOf(Buffer.concat([data, Buffer.alloc(1)]))).toEqual({});
    }
  });

  it('is torn within a character of several bytes', () => {
    const data = Buffer.from(encodeRecord({ ...GO_RECORD, ownerId: 'naïve 字' }));
    for (let length = 0; length < data.length; length += 1) expect(contentOf(data.subarray(0, length))).toEqual({});
  });

  it.each(Object.entries(FOREIGN_LOCKS))('is foreign in %s, and safe to show', (_name, content) => {
    const data = Buffer.from(content);
    const { record, foreign } = contentOf(data);
    expect(record).toBeUndefined();
    expect(foreign).toMatchObject({ kind: 'file', size: data.length > 65_536 ? undefined : data.length });
    expect(foreign?.beginning).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  });

  it.each(names.filter((name) => /^unreadable-(?!empty|torn)/.test(name)))('is foreign in %s', (name) => {
    expect(contentOf(fixture(name)).foreign).toBeDefined();
  });
});

const HOUR_MS = 3_600_000;

describe("U1: another program's lock file", () => {
  let nowMs = 1e12;

  /** A store with that lock file, written two days ago. */
  async function storeWith(name: string, content: string | Uint8Array): Promise<MemVfs> {
    const vfs = memVfs({ now: () => nowMs });
    await vfs.write(name, Buffer.from(content));
    nowMs += 48 * HOUR_MS;
    return vfs;
  }

  it.each(Object.entries(FOREIGN_LOCKS))('%s is left alone by everybody, whatever its age', async (name, content) => {
    const vfs = await storeWith(name, content);
    const file = new VfsFile(vfs, name.slice(0, -'.lock'.length));
    const lock = new Lockfile(file, { ttl: 100 });
    const refusal = { name: 'LockForeignError', code: 'ERR_LOCK_FOREIGN', path: vfs.locate(name), kind: 'file' };
    await expect(lock.tryAcquire()).rejects.toMatchObject(refusal);
    for (const wait of [0, 60_000, Infinity]) await expect(lock.acquire({ wait })).rejects.toMatchObject(refusal);
    await expect(withLock(file, () => undefined)).rejects.toMatchObject(refusal);
    const { state, version = '' } = await inspect(file, { ttl: 100 });
    expect(state).toBe('foreign');
    await expect(forceRelease(file, { expect: version })).rejects.toMatchObject(refusal);
    const sweeping = sweep({ vfs, path: '' }, { ttl: 100, unreadable: true });
    expect(await sweeping).toMatchObject({ removed: 0, reasons: { foreign: 1 } });
    for await (const found of list({ vfs, path: '' })) expect(found).toMatchObject({ state: 'foreign' });
    expect([await lock.isStale(), await lock.metadata()]).toEqual([false, undefined]);
    expect(Buffer.from((await vfs.read(name))!.data).equals(Buffer.from(content))).toBe(true);
  });

  it('is not claimed over by an inbox, which says so and takes the other files', async () => {
    const vfs = await storeWith('inbox/a.csv.lock', 'GEM\n');
    for (const name of ['a.csv', 'b.csv']) await vfs.write(`inbox/${name}`, Buffer.from('1'));
    nowMs += HOUR_MS;
    const skipped: unknown[] = [];
    const claimed: string[] = [];
    const options = { settle: 0, until: 'idle', ttl: 100 } as const;
    const onSkip = ({ name }: VfsFile, reason: string, error: unknown): unknown =>
      skipped.push([name, reason, error instanceof LockForeignError]);
    for await (const { file } of inbox({ vfs, path: 'inbox' }, { ...options, onSkip })) claimed.push(file.name);
    expect(claimed).toEqual(['b.csv']);
    expect(skipped).toContainEqual(['a.csv', 'unlockable', true]);
  });

  it('is named in the error, with its size and its first characters', async () => {
    const vfs = await storeWith('Gemfile.lock', 'GEM\n  remote: \u{1b}[31m\u{202e}https://rubygems.org/');
    const failure = (await new Lockfile(new VfsFile(vfs, 'Gemfile'))
      .acquire()
      .catch((error: unknown) => error)) as Error;
    expect(failure.message).toContain('/Gemfile.lock (43 bytes, begins "GEM\\n  remote: \\u001b[31m\\u{202e}');
    expect(failure.message).toContain('is left alone');
  });

  it('that is empty or torn is taken over after the lease of whoever wants it', async () => {
    for (const content of ['', '{"createdAt": "2026-']) {
      const vfs = await storeWith('data.csv.lock', content);
      const lock = new Lockfile(new VfsFile(vfs, 'data.csv'), { ttl: '1h' });
      expect(await lock.tryAcquire()).toBe(true);
      expect(lock.reclaimedFrom).toEqual({ reason: 'unreadable' });
      await lock.release();
    }
  });
});

describe('W8: a lock with a record so large that it cannot be written again', () => {
  it('is released by force and swept, and does not end the sweep of the others', async () => {
    let nowMs = 1e12;
    const vfs = memVfs({ now: () => nowMs });
    // 40 KB as it is, far more than 64 KiB with indentation.
    const note = { list: Array.from({ length: 20_000 }, () => 1) };
    const record = { ...(JSON.parse(fixture('go-1.1.json').toString()) as object), lease: 1, note };
    const large = Buffer.from(JSON.stringify({ ...record, lockId: 'large', fencingToken: '7' }));
    for (const name of ['a', 'b', 'c']) await vfs.write(`${name}.lock`, name === 'b' ? large : encodeRecord(GO_RECORD));
    nowMs += HOUR_MS;
    expect(await sweep({ vfs, path: '' })).toMatchObject({ removed: 2, released: 1, failed: 0 });
    expect((await inspect(new VfsFile(vfs, 'b'))).record).toMatchObject({ released: true, fencingToken: '7' });
    await vfs.write('b.lock', large);
    expect(await forceRelease(new VfsFile(vfs, 'b'), { expect: 'large' })).toBe(true);
    expect((await inspect(new VfsFile(vfs, 'b'))).state).toBe('released');
  });
});
