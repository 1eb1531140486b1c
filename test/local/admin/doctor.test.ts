import { setTimeout as sleep } from 'node:timers/promises';

import { describe, expect, test } from 'vitest';

import { memVfs } from '../../../src/backends/mem/index.js';
import type { Capabilities, Version } from '../../../src/index.js';
import { doctor } from '../../../src/admin/index.js';
import { brokenConditions } from '../../support/stores/broken/conditions.js';
import { WrappedVfs } from '../../support/stores/wrapped-vfs.js';
import { all } from '../../support/operate/locks.js';
import { onEachStore, stores } from '../../support/operate/stores.js';
import { doctorSuite, found } from '../../support/operate/suites/doctor.js';

onEachStore(stores, doctorSuite);

const BOTH = 'race of 16 replaces and removes';

describe('doctor catches a store that', () => {
  const CAUGHT: Readonly<Record<string, readonly string[]>> = {
    'reads, compares and writes': ['race of 16 creates', 'race of 16 replaces'],
    'never loses': ['two creates', 'stale replace', 'stale remove', 'race of 16 creates'],
    'always loses': ['two creates', 'stale replace', 'stale remove'],
    'says that it removed, and does not': ['stale remove', 'race of 16 removes'],
    'tells versions by the length': ['stale replace', 'stale remove'],
    'tells another version at each read': ['stale remove'],
  };

  test.each(Object.entries(CAUGHT))('%s', async (what, names) => {
    const broken = brokenConditions.find((each) => each.what === what);
    const vfs = broken!.make('');
    const diagnosis = await doctor({ vfs, path: '' });
    expect(diagnosis.verdict).toBe('unsafe');
    expect(diagnosis.words[0]).toMatch(/Do not lock here/);
    expect(Object.keys(found(diagnosis, 'wrong'))).toEqual(expect.arrayContaining([...names]));
    expect(diagnosis.leftBehind).toEqual([]);
    expect(await all(vfs.list('', { recursive: true }))).toEqual([]);
  });

  test('ignores the condition of one call alone', async () => {
    const right = memVfs();
    const vfs = Object.assign(new WrappedVfs(right), { remove: (path: string) => right.delete(path) });
    const diagnosis = await doctor({ vfs, path: '' });
    expect(diagnosis.verdict).toBe('unsafe');
    expect(Object.keys(found(diagnosis, 'wrong'))).toEqual(['stale remove', BOTH]);
  });

  test('lets a remove act late, on what has come in its place since it judged, as Ceph RGW 20 does', async () => {
    const right = memVfs();
    const judged = new Set<string>();
    const remove = async (path: string, version: Version): Promise<boolean> => {
      if (judged.has(version) || (await right.read(path))?.version !== version) return false;
      judged.add(version);
      await sleep(2);
      return right.delete(path);
    };
    const diagnosis = await doctor({ vfs: Object.assign(new WrappedVfs(right), { remove }), path: '' });
    expect([diagnosis.verdict, Object.keys(found(diagnosis, 'wrong'))]).toEqual(['unsafe', [BOTH]]);
  });

  test('tells ages that are not so', async () => {
    let now = 0;
    const stopped = await doctor({ vfs: memVfs({ now: () => now }), path: '' });
    expect([stopped.verdict, Object.keys(found(stopped, 'wrong'))]).toEqual(['unsafe', ['clock']]);
    const fast = await doctor({ vfs: memVfs({ now: () => (now += 10_000) }), path: '' });
    expect([fast.verdict, Object.keys(found(fast, 'wrong'))]).toEqual(['unsafe', ['clock']]);
  });

  test('moves files over others, where locks are safe all the same', async () => {
    const right = memVfs();
    const move = async (from: string, to: string): Promise<void> => {
      await right.delete(to);
      await right.move(from, to);
    };
    const diagnosis = await doctor({ vfs: Object.assign(new WrappedVfs(right), { move }), path: '' });
    expect([diagnosis.verdict, Object.keys(found(diagnosis, 'wrong'))]).toEqual(['safe', ['moves']]);
    expect(diagnosis.words.join('\n')).toMatch(/Do not move files here/);
  });

  test('says itself that it cannot', async () => {
    class UnableVfs extends WrappedVfs {
      override get capabilities(): Capabilities {
        return { ...super.capabilities, create: 'none', replace: 'none', remove: 'none' };
      }
    }
    const diagnosis = await doctor({ vfs: new UnableVfs(memVfs()), path: '' });
    expect(diagnosis.verdict).toBe('unsafe');
    expect(Object.values(found(diagnosis, 'none'))).toContain('the store has no conditional create');
  });
});
