import { existsSync, lutimesSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { Lockfile } from '../../../../src/index.js';
import { freshId } from '../../../../src/util/fresh-id.js';
import { entryName } from '../../../../src/vfs/names.js';
import { sweep } from '../../../../src/admin/index.js';
import { all, fileAt, foreign, putLock } from '../locks.js';
import type { Suite } from '../stores.js';

const TWO_HOURS_MS = 7_200_000;

/** What a writer leaves when it is killed at each point, by the name that `sweep` reports: files, and links where a name ends in `@`. */
const LEFTOVERS: Readonly<Record<string, readonly string[]>> = {
  'STAGED-1': ['STAGED-1'],
  'STAGED-2': ['STAGED-2/ENTRY'],
  'STAGED-3': ['STAGED-3/PROBE-one', 'STAGED-3/PROBE-free/PROBE-mine', 'STAGED-3/PROBE-full/PROBE-theirs'],
  'a.lock.guard': ['a.lock.guard/ENTRY'],
  'b.lock.guard': ['b.lock.guard/ENTRY@', 'b.lock.guard/ENTRY.taken'],
  'c.lock.guard': ['c.lock.guard/ENTRY/ENTRY.taken'],
  'd.lock.guard': ['d.lock.guard/'],
};

function make(disk: string, names: readonly string[], ageMs: number): Readonly<Record<string, string>> {
  const ids: Record<string, string> = { ENTRY: entryName(freshId()) };
  const real = (name: string): string =>
    name
      .replace(/STAGED-\d/, (staged) => (ids[staged] ??= `.vfs-lockfile-${freshId()}`))
      .replaceAll('ENTRY', ids.ENTRY!)
      .replaceAll('PROBE', 'vfs-lockfile-probe');
  for (const name of names.map(real)) {
    const path = join(disk, name.replace(/@$/, ''));
    mkdirSync(name.endsWith('/') ? path : dirname(path), { recursive: true });
    if (name.endsWith('@')) symlinkSync('.', path);
    else if (!name.endsWith('/')) writeFileSync(path, 'whatever');
  }
  for (const name of names.map(real)) age(disk, name.replace(/@$/, ''), ageMs);
  return ids;
}

/** The modification time of what was changed last counts, so folders come after what is in them. */
function age(disk: string, name: string, ms: number): void {
  const time = new Date(Date.now() - ms);
  for (let path = join(disk, name); path !== disk; path = dirname(path)) lutimesSync(path, time, time);
}

export const leftoversSuite: Suite = (place, kind) => {
  const disk = (): string => place().disk!;

  if (!kind.onDisk) {
    it('has no leftovers, as each change is one step', () => {
      expect(place().vfs.leftovers).toBeUndefined();
    });
    return;
  }

  describe('sweep of leftovers', () => {
    it.each(Object.entries(LEFTOVERS))('takes away an old %s with all that is in it', async (name, files) => {
      const ids = make(disk(), files, TWO_HOURS_MS);
      const run = sweep(place());
      const steps = await all(run);
      const path = place().vfs.locate(`${place().path}/${ids[name] ?? name}`);
      expect(steps).toMatchObject([{ kind: 'leftover', action: 'removed', reason: 'leftover', path }]);
      expect(steps[0]?.idleMs).toBeGreaterThan(TWO_HOURS_MS - 60_000);
      expect(readdirSync(disk())).toEqual([]);
      const lock = new Lockfile(fileAt(place(), name[0]!));
      expect(await lock.tryAcquire()).toBe(true);
      expect(await lock.release()).toBe(true);
    });

    it('leaves what is young, or was changed lately in its depth', async () => {
      make(disk(), Object.values(LEFTOVERS).flat(), TWO_HOURS_MS);
      const young = new Date();
      const names = readdirSync(disk());
      for (const name of names) {
        const path = join(disk(), name);
        const inside = statSync(path).isDirectory() ? readdirSync(path)[0] : undefined;
        lutimesSync(inside === undefined ? path : join(path, inside), young, young);
      }
      const reasons = { young: names.length };
      expect(await sweep(place())).toEqual({ removed: 0, released: 0, left: names.length, failed: 0, reasons });
      expect(readdirSync(disk())).toEqual(names);
      expect(await sweep(place(), { olderThan: '1d' })).toMatchObject({ removed: 0 });
    });

    it('leaves old ones when it was told so, and in a dry run', async () => {
      const names = Object.keys(LEFTOVERS);
      make(disk(), Object.values(LEFTOVERS).flat(), TWO_HOURS_MS);
      expect(await sweep(place(), { olderThan: '3h' })).toMatchObject({ removed: 0, reasons: { young: names.length } });
      expect(await sweep(place(), { dryRun: true })).toMatchObject({ removed: names.length, left: 0 });
      expect(readdirSync(disk())).toHaveLength(names.length);
      expect(await sweep(place())).toMatchObject({ removed: names.length, left: 0 });
      expect(readdirSync(disk())).toEqual([]);
    });

    it('leaves the private folder that a record names, however old it is, and does not report it', async () => {
      make(disk(), ['STAGED-1/1.new', 'STAGED-2/'], TWO_HOURS_MS);
      const [named = '', other = ''] = readdirSync(disk()).sort((a) =>
        readdirSync(join(disk(), a)).length > 0 ? -1 : 1,
      );
      const via = named.slice('.vfs-lockfile-'.length);
      await putLock(place().vfs, fileAt(place(), 'data.csv').path, foreign({ via }));
      const steps = await all(sweep(place()));
      expect(steps).toMatchObject([
        { kind: 'lock', reason: 'held' },
        { path: place().vfs.locate(`${place().path}/${other}`) },
      ]);
      expect(readdirSync(disk()).sort()).toEqual([named, 'data.csv.lock'].sort());
    });

    it('goes below folders only when asked to', async () => {
      mkdirSync(join(disk(), 'sub'));
      make(join(disk(), 'sub'), Object.values(LEFTOVERS).flat(), TWO_HOURS_MS);
      expect(await sweep(place())).toMatchObject({ removed: 0, left: 0 });
      expect(await sweep(place(), { recursive: true })).toMatchObject({ removed: 7, left: 0 });
      expect(readdirSync(disk())).toEqual(['sub']);
    });

    it('takes nothing that is not ours, however it is called', async () => {
      const theirs = ['.vfs-lockfile-notes', 'thesis.lock.guard/chapter-1.txt', 'x.guard/file', 'link.lock.guard@'];
      make(disk(), theirs, TWO_HOURS_MS);
      const steps = await all(sweep(place(), { recursive: true }));
      expect(steps.filter(({ action }) => action !== 'left')).toEqual([]);
      for (const name of theirs) expect(existsSync(join(disk(), name.replace('@', ''))), name).toBe(true);
    });

    it('leaves a writer alone that is slow, and its file comes to be', async () => {
      let goOn = (): void => {};
      const paused = new Promise<void>((resolve) => (goOn = resolve));
      let started = (): void => {};
      const writing = new Promise<void>((resolve) => (started = resolve));
      async function* slowly(): AsyncGenerator<Uint8Array> {
        yield Buffer.from('first half, ');
        started();
        await paused;
        yield Buffer.from('second half');
      }
      const write = place().vfs.write(`${place().path}/big`, slowly());
      await writing;
      expect(await sweep(place())).toMatchObject({ removed: 0, reasons: { young: 1 } });
      goOn();
      await write;
      expect(Buffer.from((await fileAt(place(), 'big').read()).data).toString()).toBe('first half, second half');
      expect(readdirSync(disk())).toEqual(['big']);
    });

    it('is done by ten at once without anybody failing', async () => {
      for (let n = 0; n < 5; n += 1)
        make(disk(), ['STAGED-1', 'STAGED-2/ENTRY', `${n}.lock.guard/ENTRY@`], TWO_HOURS_MS);
      const sweeps = await Promise.all(Array.from({ length: 10 }, async () => await sweep(place())));
      expect(sweeps.map(({ failed }) => failed)).toEqual(Array<number>(10).fill(0));
      expect(readdirSync(disk())).toEqual([]);
    });
  });
};
