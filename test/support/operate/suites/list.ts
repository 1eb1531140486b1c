import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import {
  LockOptionError,
  VfsError,
  type ReadOptions,
  type Snapshot,
  type Vfs,
  type VfsFile,
} from '../../../../src/index.js';
import { inspect, list } from '../../../../src/admin/index.js';
import { encodeRecord } from '../../../../src/lock/model/record.js';
import { WrappedVfs } from '../../stores/wrapped-vfs.js';
import { all, fileAt, foreign, held, putLock, untilStale } from '../locks.js';
import type { Place, Suite } from '../stores.js';

const byPath = (a: { path: string }, b: { path: string }): number => (a.path < b.path ? -1 : 1);

async function statesIn(place: Place, options?: Parameters<typeof list>[1]): Promise<Record<string, string>> {
  const found = (await all(list(place, options))).sort(byPath);
  return Object.fromEntries(found.map(({ file, state }) => [file.path.slice(place.path.length + 1), state]));
}

const NAMES = ['with spaces', 'with\nnewlines', `with "quotes'`, '100%', '%41', 'ümläut', '字', '.hidden', 'a.lock'];

export const listSuite: Suite = (place, kind) => {
  describe('list', () => {
    it('tells of every lock what inspect tells of it', async () => {
      const { vfs } = place();
      const files = ['held', 'stale', 'torn', 'tomb'].map((name) => fileAt(place(), name));
      const [one, two, three, four] = files as [VfsFile, VfsFile, VfsFile, VfsFile];
      const lock = await held(one);
      await putLock(vfs, two.path, foreign({ leaseMs: 100 }));
      await putLock(vfs, three.path, '{"createdAt"');
      await putLock(vfs, four.path, foreign({ released: true }));
      await vfs.write(fileAt(place(), 'no lock').path, Buffer.from(''));
      await untilStale(two);
      const found = (await all(list(place()))).sort(byPath);
      expect(found.map(({ state }) => state)).toEqual(['held', 'stale', 'released', 'unreadable']);
      for (const { file, error, ageMs: _a, idleMs: _i, expiresInMs: _e, ...rest } of found) {
        expect(await inspect(file)).toMatchObject(rest);
        expect(error).toBeUndefined();
      }
      await lock.release();
    });

    it('finds locks of names of every kind, below folders only when asked to, and nothing else', async () => {
      const longest = 'x'.repeat(245);
      const names = [...NAMES, longest].filter((name) => !kind.refuses.test(name));
      for (const name of names) {
        const { path } = fileAt(place(), name);
        const put = putLock(place().vfs, path, foreign());
        // On a disk this library cannot lock the longest, but another program may have.
        await (name === longest ? put.catch(() => place().vfs.write(`${path}.lock`, encodeRecord(foreign()))) : put);
      }
      await putLock(place().vfs, fileAt(place(), 'sub/sub/deep').path, foreign());
      const others = [
        '.lock',
        'sub/.lock',
        'lock',
        'a.locks',
        `.vfs-lockfile-${'0'.repeat(32)}`,
        'b.lock.guard/c.lock',
      ];
      for (const name of others) await place().vfs.write(fileAt(place(), name).path, Buffer.from(''));
      expect(Object.keys(await statesIn(place())).sort()).toEqual([...names].sort());
      const deep = await statesIn(place(), { recursive: true });
      expect(Object.keys(deep).sort()).toEqual([...names, 'sub/sub/deep'].sort());
    });

    it('reads no more at once than it may, and gives the first result before the last name is known', async () => {
      const { vfs, path } = place();
      for (let n = 0; n < 40; n += 1) await putLock(vfs, fileAt(place(), `file ${n}`).path, foreign());
      const counting = new CountingVfs(vfs);
      const iterator = list({ vfs: counting, path }, { concurrency: 3 })[Symbol.asyncIterator]();
      await iterator.next();
      expect(counting.listed).toBeLessThan(10);
      let results = 1;
      while (!(await iterator.next()).done) results += 1;
      expect([results, counting.listed, counting.most]).toEqual([40, 40, 3]);
    });

    it('leaves out what vanishes between the name and the look, and tells of what cannot be read', async () => {
      const { vfs, path } = place();
      for (const name of ['a', 'b', 'c']) await putLock(vfs, fileAt(place(), name).path, foreign());
      const unlucky = new WrappedVfs(vfs);
      unlucky.read = async (lock, options) => {
        if (lock.endsWith('a.lock')) await vfs.delete(lock);
        if (lock.endsWith('b.lock')) throw new VfsError('ERR_VFS_DENIED', `cannot read ${lock}`);
        return await vfs.read(lock, options);
      };
      const found = (await all(list({ vfs: unlucky, path }))).sort(byPath);
      expect(found.map(({ file, state, error }) => [file.name, state, error?.code])).toEqual([
        ['b', 'unreadable', 'ERR_VFS_DENIED'],
        ['c', 'held', undefined],
      ]);
    });

    it('ends when told to, with the reason, and can be left early', async () => {
      for (let n = 0; n < 20; n += 1) await putLock(place().vfs, fileAt(place(), `file ${n}`).path, foreign());
      const controller = new AbortController();
      const reason = new Error('enough');
      let seen = 0;
      const walk = async (): Promise<void> => {
        for await (const _lock of list(place(), { signal: controller.signal, concurrency: 2 })) {
          if ((seen += 1) === 3) controller.abort(reason);
        }
      };
      await expect(walk()).rejects.toBe(reason);
      expect(seen).toBe(3);
      for await (const _lock of list(place())) break;
    });

    it('refuses bad options at once, and locations that are none with a clear error', async () => {
      expect(() => list(place(), { concurrency: 0 })).toThrow(LockOptionError);
      expect(() => list(place(), { concurrency: 1.5 })).toThrow('concurrency must be a whole number from 1 to 1000');
      expect(() => list(place(), { ttl: -1 })).toThrow(LockOptionError);
      await expect(all(list(place().nowhere))).rejects.toMatchObject({ code: 'ERR_VFS_NOT_FOUND' });
      const unmade = { ...place(), path: `${place().path}/unmade` };
      for (const what of ['nothing', 'a file']) {
        if (what === 'a file') await place().vfs.write(unmade.path, Buffer.from(what));
        if (kind.hasFolders) await expect(all(list(unmade))).rejects.toMatchObject({ code: 'ERR_VFS_NOT_FOUND' });
        else expect(await all(list(unmade))).toEqual([]);
      }
      for (const location of ['', {}, undefined, 5, { vfs: place().vfs }] as unknown as string[]) {
        await expect(all(list(location))).rejects.toMatchObject({ code: 'ERR_VFS_PATH' });
      }
      await expect(all(list({ ...place(), path: 'a/../b' }))).rejects.toMatchObject({ code: 'ERR_VFS_PATH' });
      expect(await all(list({ ...place(), path: place().path }))).toEqual([]);
    });

    it.skipIf(!kind.onDisk)('is not disturbed by names that are not UTF-8, links, and folders named so', async () => {
      const disk = place().disk!;
      await putLock(place().vfs, fileAt(place(), 'good').path, foreign());
      writeFileSync(Buffer.concat([Buffer.from(`${disk}/b\xe4d`, 'latin1'), Buffer.from('.lock')]), 'not UTF-8');
      mkdirSync(join(disk, 'folder.lock'));
      expect(await statesIn(place(), { recursive: true })).toEqual({ good: 'held', folder: 'held' });
    });

    it.skipIf(!kind.onDisk)('survives folders that vanish during the walk', async () => {
      const disk = place().disk!;
      for (let n = 0; n < 20; n += 1) {
        mkdirSync(join(disk, `sub ${n}`));
        await putLock(place().vfs, fileAt(place(), `sub ${n}/file`).path, foreign());
      }
      let seen = 0;
      for await (const _lock of list(place(), { recursive: true, concurrency: 1 })) {
        if ((seen += 1) === 1) for (let n = 0; n < 10; n += 1) rmSync(join(disk, `sub ${n}`), { recursive: true });
      }
      expect(seen).toBeGreaterThanOrEqual(10);
      expect(seen).toBeLessThanOrEqual(12);
    });
  });
};

class CountingVfs extends WrappedVfs {
  listed = 0;
  most = 0;
  #now = 0;

  override async *list(...args: Parameters<Vfs['list']>) {
    for await (const entry of super.list(...args)) {
      this.listed += 1;
      yield entry;
    }
  }

  override async read(path: string, options?: ReadOptions): Promise<Snapshot | undefined> {
    this.most = Math.max(this.most, (this.#now += 1));
    try {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return await super.read(path, options);
    } finally {
      this.#now -= 1;
    }
  }
}
