import { describe, expect, it } from 'vitest';

import { forceRelease, inspect, sweep } from '../../../../src/admin/index.js';
import { Lockfile, VfsFile, type LockOptions } from '../../../../src/index.js';
import { memVfs } from '../../../../src/backends/mem/index.js';
import { fileAt, held, untilStale } from '../locks.js';
import type { Place, Suite } from '../stores.js';
import { epochsSuite } from './epochs.js';
import { fencingInputSuite } from './fencing-input.js';

const FENCING: LockOptions = { fencing: true, ttl: '100ms', renew: false };
const LONG: LockOptions = { ...FENCING, ttl: '1h' };

/** The same file, as another machine names it. */
function elsewhere(place: Place, { path }: VfsFile): VfsFile {
  return new VfsFile(place.rival(), path);
}

const text = async (file: VfsFile): Promise<string | undefined> => {
  const snapshot = await file.tryRead();
  return snapshot && Buffer.from(snapshot.data).toString();
};

async function* stream(...pieces: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield await Promise.resolve(Buffer.from(piece));
}

export const fencingSuite: Suite = (place, kind) => {
  epochsSuite(place, kind);
  fencingInputSuite(place, kind);
  describe('fencing', () => {
    it('gives tokens that rise over acquire, release, steal, sweep and force-release', async () => {
      const file = fileAt(place(), 'data.csv');
      const lock = await held(file, LONG);
      await lock.renew();
      expect([lock.fencingToken, await lock.release(), lock.fencingToken]).toEqual([1n, true, 1n]);
      await lock.acquire();
      expect(lock.fencingToken).toBe(2n);
      await lock.release();
      const plain = await held(elsewhere(place(), file), { ttl: '1h' });
      await plain.release();
      expect(await inspect(file)).toMatchObject({ state: 'released', fencingToken: 3n });
      const crashed = await held(elsewhere(place(), file), FENCING);
      expect(crashed.fencingToken).toBe(4n);
      await untilStale(file);
      await crashed.lost;
      const thief = await held(file, FENCING);
      expect([thief.fencingToken, thief.reclaimedFrom?.fencingToken]).toEqual([5n, '4']);
      await untilStale(file);
      await thief.lost;
      expect(await sweep(place())).toMatchObject({ released: 1, removed: 0 });
      const forced = await held(elsewhere(place(), file), LONG);
      expect(forced.fencingToken).toBe(6n);
      expect(await forceRelease(file, { expect: forced.record?.lockId ?? '' })).toBe(true);
      await expect(forced.confirm()).rejects.toMatchObject({ code: 'ERR_LOCK_LOST' });
      expect((await held(elsewhere(place(), file), LONG)).fencingToken).toBe(7n);
    });

    it('gives each of many who want the lock at once a token of its own', async () => {
      const file = fileAt(place(), 'data.csv');
      const tokens: bigint[] = [];
      const work = async (): Promise<void> => {
        const lock = new Lockfile(elsewhere(place(), file), LONG);
        await lock.acquire({ wait: '5m' });
        tokens.push(lock.fencingToken);
        await lock.release();
      };
      await Promise.all(Array.from({ length: 5 }, work));
      expect(tokens).toEqual([1n, 2n, 3n, 4n, 5n]);
    });

    it('confirms a lock that is held, and finds out whoever lost it', async () => {
      const file = fileAt(place(), 'data.csv');
      const lock = await held(file, LONG);
      await lock.confirm();
      await lock.renew();
      await lock.confirm();
      expect(await forceRelease(elsewhere(place(), file), { expect: lock.record?.lockId ?? '' })).toBe(true);
      await expect(lock.confirm()).rejects.toMatchObject({ code: 'ERR_LOCK_LOST', reason: 'removed' });
      expect(lock.held).toBe(false);
    });

    it('commits while the lock is ours: text, bytes or a stream, to a new file or over one', async () => {
      const file = fileAt(place(), 'data.csv');
      const lock = await held(file, LONG);
      await lock.commit('sub/new.json', 'one');
      await lock.commit(file, Buffer.from('two'));
      await lock.renew();
      await lock.commit(file, stream('th', 'ree'));
      await lock.commit(file.resolve('empty'), '');
      const found = ['sub/new.json', 'data.csv', 'empty'].map((name) => text(file.resolve(name)));
      expect(await Promise.all(found)).toEqual(['one', 'three', '']);
      await lock.release();
      const names = [];
      for await (const entry of place().vfs.list(place().path, { recursive: true })) names.push(entry.path);
      expect(names.map((name) => name.slice(place().path.length + 1)).sort()).toEqual([
        'data.csv',
        'data.csv.lock',
        'empty',
        'sub/new.json',
      ]);
    });

    it('refuses the commit of whoever slept past the lease, with both tokens, and changes nothing', async () => {
      const file = fileAt(place(), 'data.csv');
      await file.write('old');
      const late = await held(elsewhere(place(), file), FENCING);
      await untilStale(file);
      // Nobody has taken it over yet.
      await late.commit(late.file, 'late, but the last');
      await late.lost;
      const next = await held(file, LONG);
      await expect(late.commit(late.file, 'late')).rejects.toMatchObject({ code: 'ERR_FENCED', token: 1n, by: 2n });
      await expect(late.commit(late.file, stream('late'))).rejects.toMatchObject({ code: 'ERR_FENCED' });
      await expect(late.commit('other', 'late')).rejects.toMatchObject({ code: 'ERR_FENCED' });
      await next.commit(file, 'new');
      await expect(late.commit(late.file, 'late')).rejects.toMatchObject({ code: 'ERR_FENCED', token: 1n, by: 2n });
      await next.release();
      await expect(late.commit(late.file, 'late')).rejects.toMatchObject({ code: 'ERR_FENCED', token: 1n, by: 2n });
      await expect(next.commit(file, 'after the release')).rejects.toMatchObject({ code: 'ERR_FENCED', by: undefined });
      expect([await text(file), await text(file.resolve('other'))]).toEqual(['new', undefined]);
    });

    it('commits over a file that strangers wrote, and refuses to commit to another store, to the lock or to a folder', async () => {
      const file = fileAt(place(), 'data.csv');
      const lock = await held(file, LONG);
      await file.write('by strangers');
      await lock.commit(file, 'ours');
      expect(await text(file)).toBe('ours');
      const elsewhereFile = new VfsFile(memVfs(), 'data.csv');
      await expect(lock.commit(elsewhereFile, 'x')).rejects.toMatchObject({ code: 'ERR_VFS_URI' });
      await expect(lock.commit('data.csv.lock', 'x')).rejects.toMatchObject({ code: 'ERR_LOCK_OPTION' });
      await expect(lock.commit(file, 7 as never)).rejects.toMatchObject({ code: 'ERR_LOCK_OPTION' });
      if (kind.hasFolders) {
        await file.resolve('folder/below').write('x');
        await expect(lock.commit('folder', 'x')).rejects.toMatchObject({ code: 'ERR_VFS_NOT_A_FILE' });
      }
      expect(await text(file)).toBe('ours');
      expect(lock.held).toBe(true);
      const plain = await held(fileAt(place(), 'plain'));
      await expect(plain.commit('x', 'x')).rejects.toMatchObject({ code: 'ERR_LOCK_OPTION' });
    });
  });
};
