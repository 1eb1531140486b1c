import { setTimeout as sleep } from 'node:timers/promises';

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it, vi } from 'vitest';

import { Lockfile, LockNotHeldError, VfsFile } from '../../../../src/index.js';
import { sleepSync } from '../../../../src/util/time.js';
import { forceRelease, inspect, list } from '../../../../src/admin/index.js';
import { inbox, type Claim, type InboxOptions } from '../../../../src/inbox/index.js';
import { Elsewhere } from '../../stores/elsewhere.js';
import { WrappedVfs } from '../../stores/wrapped-vfs.js';
import { all, fileAt, foreign, held, keepsTombstones, lockless, namesIn, putLock, untilStale } from '../locks.js';
import type { Place, Suite } from '../stores.js';

const AT_ONCE = { settle: 0, poll: 20, until: 'empty' } as const;

async function put(place: Place, ...names: readonly string[]): Promise<VfsFile[]> {
  const files = names.map((name) => fileAt(place, name));
  for (const file of files) await file.write(`content of ${file.name}`);
  return files;
}

/** Archives everything that an inbox yields. */
async function archiveAll(place: Place, options: InboxOptions = AT_ONCE): Promise<string[]> {
  const names: string[] = [];
  for await (const claim of inbox(place, options)) {
    names.push(claim.file.name);
    await claim.archive('archive/');
  }
  return names;
}

const contentOf = async (file: VfsFile): Promise<string> => Buffer.from((await file.tryRead())?.data ?? []).toString();

const NAMES = ['with spaces', 'with\nnewlines', `with "quotes'`, '100%', '%41', 'ümläut', 'y'.repeat(244)];

export const inboxSuite: Suite = (place, kind) => {
  describe('inbox', () => {
    it('yields each file under its lock, and archives it', async () => {
      await put(place(), 'a.csv', 'b.csv');
      for await (const { file, lock } of inbox(place(), { ...AT_ONCE, ownerId: 'me' })) {
        expect(lock.held).toBe(true);
        expect(await inspect(file)).toMatchObject({ state: 'held', record: { ownerId: 'me' } });
        break;
      }
      expect(await archiveAll(place())).toEqual(['a.csv', 'b.csv']);
      expect(await namesIn(place())).toEqual(['archive/a.csv', 'archive/b.csv']);
    });

    it('claims the oldest first, or by name, or as told', async () => {
      const at = { c: 30_000, a: 20_000, b: 10_000 };
      for (const [name, ms] of Object.entries(at)) {
        await fileAt(place(), name).write(name.repeat(ms / 10_000));
        place().age(name, ms);
      }
      const orderOf = async (order?: InboxOptions['order']): Promise<string> => {
        let names = '';
        for await (const claim of inbox(place(), { ...AT_ONCE, until: 'idle', ...(order && { order }) })) {
          names += claim.file.name;
          await claim.release();
        }
        return names;
      };
      expect(await orderOf()).toBe('cab');
      expect(await orderOf('name')).toBe('abc');
      expect(await orderOf((a, b) => a.size - b.size)).toBe('bac');
    });

    it.each([
      ['*.csv', ['a.csv', 'odd [1]{2}.csv']],
      ['?.csv', ['a.csv']],
      [/^B\./i, ['b.txt']],
      [/\.csv$/g, ['a.csv', 'odd [1]{2}.csv']],
      ['odd [1]{2}.*', ['odd [1]{2}.csv']],
      [(name: string) => name.length === 5, ['a.csv', 'b.txt']],
      ['*.nothing', []],
    ] as const)('claims only what matches %s', async (match, expected) => {
      await put(place(), 'a.csv', 'b.txt', 'odd [1]{2}.csv');
      expect((await archiveAll(place(), { ...AT_ONCE, match })).sort()).toEqual([...expected]);
    });

    it('never yields locks, staged names or folders, and takes names of every kind', async () => {
      const names = NAMES.filter((name) => !kind.refuses.test(name));
      await put(place(), ...names);
      const others = ['.lock', 'yarn.lock', `.vfs-lockfile-${'0'.repeat(32)}`, 'sub/file', 'x.lock.guard/thing'];
      await put(place(), ...others);
      expect((await archiveAll(place())).sort()).toEqual([...names].sort());
      expect((await namesIn(place())).filter((name) => !name.startsWith('archive/')).sort()).toEqual(
        [...others].sort(),
      );
    });

    it('tells of what no lock can stand beside, and goes on', async () => {
      const long = lockless(place(), kind.nameBytes).name;
      await put(place(), long, 'a');
      const onSkip = vi.fn();
      expect(await archiveAll(place(), { ...AT_ONCE, onSkip })).toEqual(['a']);
      expect(onSkip).toHaveBeenCalledTimes(1);
      expect(onSkip).toHaveBeenCalledWith(
        expect.objectContaining({ path: fileAt(place(), long).path }),
        'unlockable',
        expect.objectContaining({ code: 'ERR_VFS_PATH' }),
      );
    });

    it('never yields a file whose lock is held, and waits for it when it is to empty the inbox', async () => {
      const [a] = (await put(place(), 'a', 'b')) as [VfsFile, VfsFile];
      const lock = await held(new VfsFile(place().rival(), a.path));
      expect(await archiveAll(place(), { ...AT_ONCE, until: 'idle' })).toEqual(['b']);
      const skipped: string[] = [];
      const onSkip = (file: VfsFile, reason: string): void => {
        skipped.push(`${file.name} ${reason}`);
        if (skipped.length === 3) void lock.release();
      };
      expect(await archiveAll(place(), { ...AT_ONCE, onSkip })).toEqual(['a']);
      expect(new Set(skipped)).toEqual(new Set(['a held']));
    });

    it('takes over from the dead, tells whose work it was, and lets onStale veto', async () => {
      const [a] = (await put(place(), 'a')) as [VfsFile];
      await putLock(place().vfs, a.path, foreign({ leaseMs: 100, ownerId: 'dead' }));
      await untilStale(a);
      const vetoing = { ...AT_ONCE, until: 'idle', onStale: () => false } as const;
      expect(await archiveAll(place(), vetoing)).toEqual([]);
      for await (const claim of inbox(place(), AT_ONCE)) {
        expect(claim.lock.reclaimedFrom).toMatchObject({ ownerId: 'dead', reason: 'expired' });
        await claim.archive('archive/');
      }
      expect(await namesIn(place())).toEqual(['archive/a']);
    });

    it('leaves files alone until they have stopped growing', async () => {
      const [growing] = (await put(place(), 'growing', 'whole')) as [VfsFile, VfsFile];
      const order: string[] = [];
      let growths = 0;
      const onSkip = (file: VfsFile, reason: string): void => {
        order.push(`${file.name} ${reason}`);
        if (file.name === 'growing' && growths < 4) void growing.write('x'.repeat((growths += 1)));
      };
      const names: string[] = [];
      for await (const claim of inbox(place(), { settle: 400, poll: 100, until: 'empty', onSkip })) {
        names.push(claim.file.name);
        if (claim.file.name === 'growing') expect((await claim.file.read()).data).toHaveLength(4);
        await claim.archive('archive/');
      }
      expect(names).toEqual(['whole', 'growing']);
      expect(order).toContain('whole growing');
    });

    it('notices growth between the look and the lock', async () => {
      const [a] = (await put(place(), 'a')) as [VfsFile];
      const vfs = new WrappedVfs(place().vfs);
      let growths = 0;
      vfs.create = async (...args) => {
        if ((growths += 1) === 1) await a.write('longer than it was before');
        return await place().vfs.create(...args);
      };
      let seen = '';
      for await (const claim of inbox({ ...place(), vfs }, { settle: 50, poll: 50, until: 'empty' })) {
        seen += Buffer.from((await claim.file.read()).data).toString();
        await claim.archive('archive/');
      }
      // Who left the tombstone takes the lock again without asking whether it can be created.
      expect([seen, growths]).toEqual(['longer than it was before', keepsTombstones(place().vfs) ? 1 : 2]);
    });

    it('passes over what vanishes between the look and the lock', async () => {
      const [a] = (await put(place(), 'a', 'b')) as [VfsFile, VfsFile];
      const vfs = new WrappedVfs(place().vfs);
      vfs.create = async (path, ...args) => {
        if (path.endsWith('a.lock')) await a.delete();
        return await place().vfs.create(path, ...args);
      };
      const onSkip = vi.fn();
      expect(await archiveAll({ ...place(), vfs }, { ...AT_ONCE, onSkip })).toEqual(['b']);
      expect(onSkip.mock.calls.map(([file, reason]) => [(file as VfsFile).name, reason as string])).toEqual([
        ['a', 'vanished'],
      ]);
      expect(await namesIn(place())).toEqual(['archive/b']);
    });

    it('counts no lock that was given back as a file that waits, and takes a file of the same name again', async () => {
      for (const round of ['1', '2']) {
        await put(place(), 'a', 'b');
        for await (const claim of inbox(place(), AT_ONCE)) await claim.archive(`archive/${claim.file.name}-${round}`);
        const states = (await all(list(place()))).map(({ state }) => state);
        expect(states).toEqual(keepsTombstones(place().vfs) ? ['released', 'released'] : []);
      }
      expect(await namesIn(place())).toEqual(['archive/a-1', 'archive/a-2', 'archive/b-1', 'archive/b-2']);
    });

    it('gives the file back when the loop body throws, or leaves the loop', async () => {
      const [a] = (await put(place(), 'a', 'b')) as [VfsFile, VfsFile];
      const mine = new Error('mine');
      const work = async (): Promise<void> => {
        for await (const claim of inbox(place(), AT_ONCE)) {
          expect(claim.file.name).toBe('a');
          throw mine;
        }
      };
      await expect(work()).rejects.toBe(mine);
      for await (const _claim of inbox(place(), AT_ONCE)) break;
      expect(['free', 'released']).toContain((await inspect(a)).state);
      expect(await namesIn(place())).toEqual(['a', 'b']);
    });

    it('gives back what the body neither archives nor fails, and does not offer it again at once', async () => {
      await put(place(), 'a', 'b');
      const names: string[] = [];
      let last: Claim | undefined;
      for await (const claim of inbox(place(), AT_ONCE)) {
        expect(last?.settled ?? true).toBe(true);
        last = claim;
        names.push(claim.file.name);
      }
      expect(names).toEqual(['a', 'b']);
      expect(await namesIn(place())).toEqual(['a', 'b']);
    });

    it('offers a file that was given back again when it has changed, and after a while', async () => {
      const [a] = (await put(place(), 'a')) as [VfsFile];
      const seen: string[] = [];
      const stop = new AbortController();
      for await (const claim of inbox(place(), { settle: 0, poll: 20, signal: stop.signal })) {
        seen.push(Buffer.from((await a.read()).data).toString());
        await claim.release();
        if (seen.length === 1) await a.write('another');
        if (seen.length === 3) stop.abort();
      }
      expect(seen).toEqual(['content of a', 'another', 'another']);
    });

    it('moves what failed aside with a note of why, and takes no more from a claim that is settled', async () => {
      await put(place(), 'a', 'b');
      for await (const claim of inbox(place(), { ...AT_ONCE, ownerId: 'ingest-1' })) {
        if (claim.file.name === 'b') {
          expect(String(await claim.archive('archive/other name'))).toBe(String(fileAt(place(), 'archive/other name')));
          continue;
        }
        await claim.fail('failed/', new RangeError('row 7 is too long'));
        for (const again of [claim.archive('archive/'), claim.fail('failed/', 'x')]) {
          await expect(again).rejects.toThrow(LockNotHeldError);
        }
        await claim.release();
      }
      expect(await namesIn(place())).toEqual(['archive/other name', 'failed/a', 'failed/a.error.json']);
      const note = await fileAt(place(), 'failed/a.error.json').read();
      expect(JSON.parse(Buffer.from(note.data).toString())).toMatchObject({
        file: fileAt(place(), 'a').toString(),
        error: { name: 'RangeError', message: 'row 7 is too long' },
        by: { ownerId: 'ingest-1', pid: process.pid },
      });
    });

    it('keeps the claim when the target is taken, and overwrites nothing', async () => {
      await put(place(), 'a', 'archive/a');
      for await (const claim of inbox(place(), AT_ONCE)) {
        const error: unknown = await claim.archive('archive/').catch((failure: unknown) => failure);
        expect(error).toMatchObject({ code: 'ERR_VFS_EXISTS' });
        for (const end of ['a', 'archive/a']) expect(String(error)).toContain(String(fileAt(place(), end)));
        expect([claim.settled, claim.lock.held]).toEqual([false, true]);
        for (const to of ['', 'sftp://elsewhere/a', 5 as unknown as string]) {
          await expect(claim.archive(to)).rejects.toMatchObject({
            code: expect.stringMatching(/ERR_VFS_(URI|PATH)/) as string,
          });
        }
        await claim.archive('../archive-2/');
      }
      expect(await contentOf(fileAt(place(), 'archive/a'))).toBe('content of a');
      const moved = new VfsFile(place().vfs, 'archive-2/a');
      expect(await contentOf(moved)).toBe('content of a');
      await moved.delete();
    });

    it('B9: fail always finds a free name, and archive does where it is asked to', async () => {
      await put(place(), 'failed/a.csv', 'failed/a.csv.error.json');
      for (const round of [1, 2, 3, 4]) {
        await put(place(), 'a.csv', 'b.csv');
        for await (const claim of inbox(place(), AT_ONCE)) {
          if (claim.file.name === 'a.csv') await claim.fail('failed/', new Error(`failure ${String(round)}`));
          else await claim.archive('archive/', { unique: true });
        }
      }
      const time = String.raw`\d{8}T\d{9}Z(-[0-9a-f]{8})?`;
      const names = await namesIn(place());
      const failed = names.filter((name) => new RegExp(`^failed/a-${time}\\.csv$`).test(name));
      const archived = names.filter((name) => new RegExp(`^archive/b(-${time})?\\.csv$`).test(name));
      const notes = failed.map((name) => `${name}.error.json`);
      const before = ['failed/a.csv', 'failed/a.csv.error.json'];
      expect(names).toEqual([...archived, ...failed, ...notes, ...before].sort());
      expect([archived.length, failed.length]).toEqual([4, 4]);
      expect(await contentOf(fileAt(place(), before[1]!))).toBe('content of a.csv.error.json');
    });

    it('B9: the documented loop survives the third file of one name', async () => {
      const done: string[] = [];
      for (const day of [1, 2, 3, 4]) {
        await put(place(), 'day.csv', 'other.csv');
        for await (const claim of inbox(place(), { ...AT_ONCE, order: 'name' })) {
          try {
            await claim.archive('archive/');
          } catch (error) {
            await claim.fail('failed/', error).catch((reason: unknown) => expect.unreachable(String(reason)));
          }
          done.push(`${claim.file.name} ${String(day)}`);
        }
      }
      expect(done).toEqual([1, 2, 3, 4].flatMap((day) => [`day.csv ${String(day)}`, `other.csv ${String(day)}`]));
    });

    it.each(['archive', 'fail'] as const)('B10: %s moves nothing that replaced what was claimed', async (verb) => {
      const [a] = (await put(place(), 'a')) as [VfsFile];
      const seen: string[] = [];
      for await (const claim of inbox(place(), AT_ONCE)) {
        seen.push(await contentOf(claim.file));
        if (seen.length === 1) await a.write('a newer upload');
        const end = verb === 'archive' ? claim.archive('done/') : claim.fail('done/', 'why');
        if (seen.length > 1) await end;
        else await expect(end).rejects.toMatchObject({ code: 'ERR_VFS_CHANGED' });
        expect(claim.settled).toBe(true);
      }
      expect(seen).toEqual(['content of a', 'a newer upload']);
      expect(await contentOf(fileAt(place(), 'done/a'))).toBe('a newer upload');
      const left = verb === 'archive' ? ['done/a'] : ['done/a', 'done/a.error.json'];
      expect(await namesIn(place())).toEqual(left);
    });

    it('B11: takes no temporary or hidden names for input, unless it is told to', async () => {
      const temporary = ['.nfs0001', '.x.csv.Ab12', 'x.csv.filepart', 'x.part', '~$x.xlsx', 'x.TMP', 'x.camelLock'];
      const notes = ['x.error.json'];
      await put(place(), ...temporary, ...notes, 'x.csv', 'part.tmp.csv');
      const claimed = async (options: InboxOptions): Promise<string[]> => {
        const names: string[] = [];
        for await (const { file } of inbox(place(), { ...AT_ONCE, ...options })) names.push(file.name);
        return names.sort();
      };
      const input = ['part.tmp.csv', 'x.csv'];
      expect(await claimed({})).toEqual(input);
      expect(await claimed({ match: '*part' })).toEqual(['x.csv.filepart', 'x.part']);
      expect(await claimed({ ignore: false })).toEqual([...temporary, ...notes, ...input].sort());
      expect(await claimed({ match: '*.csv', ignore: ['part.*', /^y/] })).toEqual(['x.csv']);
    });

    it('U26: moves a file aside that was claimed too often, and counts a new one of the name from 1', async () => {
      const [a] = (await put(place(), 'a')) as [VfsFile];
      const attempts: number[] = [];
      const onSkip = vi.fn();
      const round = async (): Promise<void> => {
        for await (const claim of inbox(place(), { ...AT_ONCE, maxAttempts: 2, failed: 'too often/', onSkip })) {
          attempts.push(claim.attempts);
          if (attempts.length === 5) await claim.archive('archive/');
        }
      };
      await round();
      await a.write('repaired');
      for (let more = 0; more < 3; more += 1) await round();
      expect(attempts).toEqual([1, 1, 2]);
      expect(onSkip.mock.calls.map(([, reason, error]) => [reason, error] as unknown[])).toEqual([
        ['given-up', undefined],
      ]);
      expect(await namesIn(place())).toEqual(['too often/a', 'too often/a.error.json']);
      await a.write('another');
      for (let more = 0; more < 2; more += 1) await round();
      expect(attempts).toEqual([1, 1, 2, 1, 2]);
      expect(await namesIn(place())).toEqual(['archive/a', 'too often/a', 'too often/a.error.json']);
    });

    it('archives nothing once the lock is lost, and says so', async () => {
      const [a] = (await put(place(), 'a')) as [VfsFile];
      for await (const claim of inbox(place(), { ...AT_ONCE, ttl: 200, renew: false, until: 'idle' })) {
        await sleep(250);
        await expect(claim.archive('archive/')).rejects.toMatchObject({ code: 'ERR_LOCK_LOST' });
        expect(claim.settled).toBe(true);
      }
      expect(await namesIn(place())).toEqual(['a']);
      expect(await new Lockfile(a).tryAcquire()).toBe(true);
    });

    it('archives nothing past the deadline, though no timer had its turn to tell of the loss', async () => {
      await put(place(), 'a');
      for await (const claim of inbox(place(), { ...AT_ONCE, ttl: 200, renew: false, until: 'idle' })) {
        const { signal } = claim.lock;
        sleepSync(250);
        expect(signal.aborted).toBe(false);
        await expect(claim.archive('archive/')).rejects.toMatchObject({ code: 'ERR_LOCK_LOST' });
      }
      expect(await namesIn(place())).toEqual(['a']);
    });

    it('archives nothing that somebody else has claimed since, though by its own clock the lock is still held', async () => {
      const [a] = (await put(place(), 'a')) as [VfsFile];
      for await (const claim of inbox(place(), { ...AT_ONCE, ttl: '1h', renew: false, until: 'idle' })) {
        const elsewhere = new VfsFile(new Elsewhere(place().rival()), a.path);
        expect(await forceRelease(elsewhere, { expect: claim.lock.record?.lockId ?? '' })).toBe(true);
        const next = await held(elsewhere);
        expect(claim.lock.held).toBe(true);
        await expect(claim.archive('archive/')).rejects.toMatchObject({ code: 'ERR_LOCK_LOST' });
        expect(await a.stat()).toBeDefined();
        await next.confirm();
        await next.release();
        break;
      }
      expect(await namesIn(place())).toEqual(['a']);
    });

    it('goes on polling until told to stop, then claims nothing more and lets the last one be finished', async () => {
      const stop = new AbortController();
      const names: string[] = [];
      setTimeout(() => void put(place(), 'late'), 100);
      for await (const claim of inbox(place(), { settle: 0, poll: 20, signal: stop.signal })) {
        names.push(claim.file.name);
        await put(place(), 'later');
        stop.abort();
        expect(claim.lock.held).toBe(true);
        await claim.archive('archive/');
      }
      expect(names).toEqual(['late']);
      expect(await namesIn(place())).toEqual(['archive/late', 'later']);
      for await (const _claim of inbox(place(), { signal: AbortSignal.abort() })) expect.unreachable();
    });

    it('keeps so many claims open at once, and no more', async () => {
      const names = Array.from({ length: 8 }, (_, n) => `file ${n}`);
      await put(place(), ...names);
      const working = new Set<Promise<unknown>>();
      let most = 0;
      // The first three are open until there are three, however long that takes.
      let open = (): void => {};
      const three = new Promise<void>((resolve) => (open = resolve));
      for await (const claim of inbox(place(), { ...AT_ONCE, concurrency: 3 })) {
        const work = three.then(() => sleep(20)).then(() => claim.archive('archive/'));
        working.add(work);
        void work.finally(() => working.delete(work));
        most = Math.max(most, working.size);
        if (most === 3) open();
      }
      await Promise.all(working);
      expect(most).toBe(3);
      expect(await namesIn(place())).toEqual(names.map((name) => `archive/${name}`));
    });

    it('stops at once also while all claims are open, and leaves them to be finished', async () => {
      await put(place(), 'a', 'b', 'c');
      const stop = new AbortController();
      const open: Claim[] = [];
      for await (const claim of inbox(place(), { ...AT_ONCE, concurrency: 2, signal: stop.signal })) {
        open.push(claim);
        if (open.length === 2) setTimeout(() => stop.abort(), 20);
      }
      expect(open.map(({ lock }) => lock.held)).toEqual([true, true]);
      await Promise.all(open.map((claim) => claim.archive('archive/')));
      expect(await namesIn(place())).toEqual(['archive/a', 'archive/b', 'c']);
    });

    it('shares the files among many workers, each file once', async () => {
      const names = Array.from({ length: 20 }, (_, n) => `file ${String(n).padStart(2, '0')}`);
      await put(place(), ...names);
      const workers = [1, 2, 3, 4].map(() => archiveAll({ ...place(), vfs: place().rival() }));
      expect((await Promise.all(workers)).flat().sort()).toEqual(names);
      expect(await namesIn(place())).toEqual(names.map((name) => `archive/${name}`));
    });

    it('refuses bad options at once, and a location that is none with a clear error', async () => {
      const bad: [InboxOptions, RegExp][] = [
        [{ match: '' }, /match must be/],
        [{ match: 5 as unknown as string }, /match must be/],
        [{ ignore: ['*.x', ''] }, /ignore must be/],
        [{ maxAttempts: 0 }, /maxAttempts must be/],
        [{ failed: '' }, /failed must be/],
        [{ order: 'size' as 'name' }, /order must be/],
        [{ until: 'never' as 'idle' }, /until must be/],
        [{ onSkip: 'x' as unknown as () => void }, /onSkip must be a function/],
        [{ concurrency: 0 }, /concurrency must be/],
        [{ settle: '-1s' }, /settle must be/],
        [{ poll: 0 }, /poll must be/],
        [{ ttl: 1 }, /ttl must be/],
        [{ signal: {} as AbortSignal }, /signal must be/],
      ];
      for (const [options, words] of bad) expect(() => inbox(place(), options)).toThrow(words);
      const gone = { ...place(), ...place().nowhere };
      await expect(archiveAll(gone)).rejects.toMatchObject({ code: 'ERR_VFS_NOT_FOUND' });
    });

    it.skipIf(!kind.onDisk)(
      'passes over names that are not UTF-8 and what is a folder in the lock’s place',
      async () => {
        await put(place(), 'a', 'b');
        mkdirSync(join(place().disk!, 'b.lock'));
        writeFileSync(Buffer.from(`${place().disk!}/b\xe4d`, 'latin1'), 'not UTF-8');
        const onSkip = vi.fn();
        expect(await archiveAll(place(), { ...AT_ONCE, until: 'idle', onSkip })).toEqual(['a']);
        expect(onSkip).toHaveBeenCalledWith(expect.anything(), 'held', undefined);
      },
    );
  });
};
