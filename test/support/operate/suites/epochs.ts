import { describe, expect, it } from 'vitest';

import { publish, published, sweepEpochs } from '../../../../src/fencing/index.js';
import { memVfs } from '../../../../src/backends/mem/index.js';
import { VfsFile, type LockOptions } from '../../../../src/index.js';
import { fileAt, held, untilStale } from '../locks.js';
import type { Place, Suite } from '../stores.js';

const LONG: LockOptions = { fencing: true, ttl: '1h' };
const SHORT: LockOptions = { fencing: true, ttl: '100ms', renew: false };

/** The same file, as another machine names it. */
function elsewhere(place: Place, { path }: VfsFile): VfsFile {
  return new VfsFile(place.rival(), path);
}

async function indexOf(pointer: VfsFile): Promise<string | undefined> {
  return (await published(pointer))?.file('index.html').readText();
}

export const epochsSuite: Suite = (place, kind) => {
  describe('epochs', () => {
    it('are read by nobody before they are published, and are whole then', async () => {
      const file = fileAt(place(), 'site.md');
      const pointer = file.resolve('site/current');
      const lock = await held(file, LONG);
      expect(lock.epochPath('site/index.html').path).toBe(`${file.resolve('site').path}/e1/index.html`);
      await lock.epochPath('site/index.html').write('one');
      expect(await published(pointer)).toBeUndefined();
      await publish('site/current', lock);
      await publish(pointer, lock);
      expect([await indexOf(pointer), (await published(pointer))?.token]).toEqual(['one', 1n]);
      await lock.release();
      await expect(publish(pointer, lock)).rejects.toMatchObject({ code: 'ERR_LOCK_NOT_HELD' });
      const next = await held(elsewhere(place(), file), LONG);
      await next.epochPath('site/index.html').write('two');
      expect(await indexOf(pointer)).toBe('one');
      await publish('site/current', next);
      expect(await indexOf(pointer)).toBe('two');
    });

    it('are not published by whoever slept past the lease, whether or not a higher token is published', async () => {
      const file = fileAt(place(), 'site.md');
      const pointer = file.resolve('site/current');
      const late = await held(elsewhere(place(), file), SHORT);
      await late.epochPath('site/index.html').write('late');
      await untilStale(file);
      await late.lost;
      const next = await held(file, LONG);
      await expect(publish('site/current', late)).rejects.toMatchObject({ code: 'ERR_FENCED', token: 1n, by: 2n });
      expect(await published(pointer)).toBeUndefined();
      await next.epochPath('site/index.html').write('new');
      await publish(pointer, next);
      await expect(publish('site/current', late)).rejects.toMatchObject({ code: 'ERR_FENCED', token: 1n, by: 2n });
      // The zombie's lock file says that the lock is its own: the pointer alone refuses it.
      const lying = { ...facts(late), confirm: () => Promise.resolve() };
      await expect(publish('site/current', lying)).rejects.toMatchObject({ code: 'ERR_FENCED', token: 1n, by: 2n });
      expect(await indexOf(pointer)).toBe('new');
    });

    it('are not published where a later one is published between the read and the write', async () => {
      const file = fileAt(place(), 'site.md');
      const pointer = file.resolve('site/current');
      const first = await held(file, LONG);
      await first.epochPath('site/index.html').write('first');
      await first.release();
      const late = { ...facts(first), confirm: (): Promise<void> => Promise.resolve() };
      const next = await held(elsewhere(place(), file), LONG);
      await next.epochPath('site/index.html').write('next');
      const meanwhile = { ...late, confirm: () => publish('site/current', next) };
      await expect(publish('site/current', meanwhile)).rejects.toMatchObject({ code: 'ERR_FENCED', token: 1n, by: 2n });
      expect(await indexOf(pointer)).toBe('next');
    });

    it('that are superseded and old are swept; the current one, later ones and what is young stay', async () => {
      const file = fileAt(place(), 'site.md');
      const pointer = file.resolve('site/current');
      const write = async (isPublished: boolean): Promise<void> => {
        const lock = await held(file, LONG);
        await lock.epochPath('site/a/index.html').write(String(lock.fencingToken));
        await lock.epochPath('site/index.html').write(String(lock.fencingToken));
        if (isPublished) await publish('site/current', lock);
        await lock.release();
      };
      expect(await sweepEpochs(pointer, { olderThan: 0 })).toEqual([]);
      await write(true);
      await write(false);
      await write(true);
      await write(false);
      await file.resolve('site/e1.txt').write('not ours');
      expect(await sweepEpochs(pointer)).toEqual([]);
      const swept = await eventually(() => sweepEpochs(pointer, { olderThan: 0 }), 2);
      expect([...swept].sort()).toEqual(['e1', 'e2'].map((name) => file.resolve(`site/${name}/index.html`).toString()));
      const names: string[] = [];
      const folder = file.resolve('site').path;
      for await (const { path } of place().vfs.list(folder, { recursive: true })) names.push(path);
      const left = ['a/e1', 'a/e2', 'a/e3', 'a/e4', 'e3', 'e4'].map((name) => `${folder}/${name}/index.html`);
      expect(names.sort()).toEqual([...left, `${folder}/current`, `${folder}/e1.txt`].sort());
      expect(await indexOf(pointer)).toBe('3');
    });

    it.skipIf(!kind.hasFolders)(
      'leave no folder behind once they are swept, and keep one that is young or not superseded',
      async () => {
        const file = fileAt(place(), 'site.md');
        const pointer = file.resolve('site/current');
        for (let epoch = 1; epoch <= 4; epoch += 1) {
          const lock = await held(file, LONG);
          await file.resolve(`site/e${String(epoch)}/sub/index.html`).write(String(epoch));
          if (epoch < 4) await publish('site/current', lock);
          await lock.release();
        }
        const emptied = file.resolve('site/e1/was/here');
        await emptied.write('x');
        await emptied.delete();
        const kept = ['e3', 'e3/sub', 'e4', 'e4/sub'];
        const all = ['e1', 'e1/sub', 'e1/was', 'e2', 'e2/sub', ...kept];
        expect(await sweepEpochs(pointer)).toEqual([]);
        expect(await sweepEpochs(pointer, { olderThan: 0, dryRun: true })).toBeInstanceOf(Array);
        expect(await foldersIn(pointer)).toEqual(all);
        while ((await foldersIn(pointer)).length > kept.length) await sweepEpochs(pointer, { olderThan: 0 });
        expect(await foldersIn(pointer)).toEqual(kept);
      },
    );

    it('are not published over what is no pointer, to the lock itself, or to another store', async () => {
      const file = fileAt(place(), 'site.md');
      const lock = await held(file, LONG);
      await file.resolve('page').write('<p>a page</p>');
      await expect(publish('page', lock)).rejects.toMatchObject({ code: 'ERR_VFS_IO' });
      await expect(published(file.resolve('page'))).rejects.toMatchObject({ code: 'ERR_VFS_IO' });
      await expect(sweepEpochs(file.resolve('page'))).rejects.toMatchObject({ code: 'ERR_VFS_IO' });
      expect(await file.resolve('page').readText()).toBe('<p>a page</p>');
      await expect(publish('site.md.lock', lock)).rejects.toMatchObject({ code: 'ERR_LOCK_OPTION' });
      const other = new VfsFile(memVfs(), 'current');
      await expect(publish(other, lock)).rejects.toMatchObject({ code: 'ERR_VFS_URI' });
      const plain = await held(fileAt(place(), 'plain'));
      expect(() => plain.epochPath('x')).toThrow(expect.objectContaining({ code: 'ERR_LOCK_OPTION' }));
    });
  });
};

/** The folders beside a pointer, and those in them. */
async function foldersIn(pointer: VfsFile): Promise<readonly string[]> {
  const folder = pointer.resolve('.').path;
  const found: string[] = [];
  const onFolder = (path: string): unknown => found.push(path.slice(folder.length + 1));
  for await (const _file of pointer.vfs.list(folder, { recursive: true, onFolder }));
  return found.sort();
}

/** What `publish` needs of a lock, so that a test can replace a part of it. */
function facts({ file, path, fencingToken }: Awaited<ReturnType<typeof held>>) {
  return { file, path, fencingToken, metadata: () => Promise.resolve(undefined) };
}

/** Clocks of stores may have a resolution of a second: repeats a sweep until it has removed so many files in total. */
async function eventually(sweep: () => Promise<readonly string[]>, files: number): Promise<readonly string[]> {
  const all: string[] = [];
  while (all.length < files) all.push(...(await sweep()));
  return all;
}
