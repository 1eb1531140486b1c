import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { gcsVfs } from '../../../src/backends/gcs/index.js';
import { memVfs } from '../../../src/backends/mem/index.js';
import { conformance, type ConformanceCase, type MakeVfs } from '../../../src/conformance/index.js';
import { VfsError, type Vfs } from '../../../src/index.js';
import { brokenConditions } from '../../support/stores/broken/conditions.js';
import { brokenContents } from '../../support/stores/broken/contents.js';
import { brokenFiles } from '../../support/stores/broken/files.js';
import { brokenManners } from '../../support/stores/broken/manners.js';
import { brokenPaths } from '../../support/stores/broken/paths.js';
import { tick, type Broken } from '../../support/stores/broken/broken.js';
import { WrappedVfs } from '../../support/stores/wrapped-vfs.js';

const ALL: readonly Broken[] = [brokenConditions, brokenContents, brokenFiles, brokenManners, brokenPaths].flat();

const names = conformance(() => Promise.reject(new Error('not to be made'))).map(({ name }) => name);
const noticed = new Set<string>();

function making({ make }: Broken): MakeVfs {
  return () => {
    const folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-broken-'));
    const dispose = (): Promise<void> => {
      rmSync(folder, { recursive: true });
      return Promise.resolve();
    };
    return Promise.resolve({ vfs: make(folder), dispose });
  };
}

async function fails({ run }: ConformanceCase): Promise<boolean> {
  const skip = (): void => undefined;
  return run({ skip }).then(
    () => false,
    () => true,
  );
}

describe('the conformance suite notices a store that', () => {
  test.each(ALL.map((each) => [each.what, each] as const))('%s', async (_what, broken) => {
    const cases = conformance(making(broken), { rounds: 5, patienceMs: 500 }).filter(({ name }) =>
      broken.noticedBy.some((part) => name.includes(part)),
    );
    const verdicts = await Promise.all(cases.map(fails));
    const failed = cases.filter((_, index) => verdicts[index]).map(({ name }) => name);
    for (const name of failed) noticed.add(name);
    const overlooked = broken.noticedBy.filter((part) => !failed.some((name) => name.includes(part)));
    expect(overlooked, `it failed only: ${failed.join('; ')}`).toEqual([]);
    expect(failed.length).toBeGreaterThan(0);
  });

  test('is wrong in any respect of which it has a case', () => {
    const unproven = names.filter((name) => !name.startsWith('synchronously: ') && !noticed.has(name));
    expect(unproven).toEqual([]);
  });
});

describe('a case of the conformance suite', () => {
  test('that needs what the store lacks is skipped with the reason, and fails where nobody can be told', async () => {
    const vfs = gcsVfs({ bucket: 'never-asked' });
    const lacking = conformance(() => Promise.resolve({ vfs, dispose: () => Promise.resolve() })).filter(({ name }) =>
      name.startsWith('synchronously: '),
    );
    expect(lacking.length).toBeGreaterThan(20);
    for (const { needs, run } of lacking) {
      const reasons: string[] = [];
      expect(needs).toContain('synchronous operations');
      await run({ skip: (reason) => reasons.push(reason) });
      expect(reasons).toEqual(['needs synchronous operations']);
      await expect(run()).rejects.toThrow('needs synchronous operations');
    }
  });

  test('believes an effect that is unknown: the write may land after a delete, as in SeaweedFS with versions', async () => {
    const right = memVfs();
    const late: (() => Promise<unknown>)[] = [];
    const replace: Vfs['replace'] = async (path, version, data, options) => {
      await tick();
      if (!options?.signal?.aborted) return right.replace(path, version, data, options);
      late.push(() => right.write(path, data));
      throw new VfsError('ERR_VFS_ABORTED', `replace ${path}: aborted`, { effect: 'unknown' });
    };
    const remove: Vfs['delete'] = async (path, options) => {
      const there = await right.delete(path, options);
      for (const land of late.splice(0)) await land();
      return there;
    };
    const vfs = Object.assign(new WrappedVfs(right), { replace, delete: remove });
    const make: MakeVfs = () => Promise.resolve({ vfs, dispose: () => Promise.resolve() });
    const aborts = conformance(make, { rounds: 5 }).find(({ name }) => name.startsWith('an abort at any moment'));
    await aborts?.run();
    expect(await right.read('0/a')).toBeDefined();
  });

  test('has a name of its own', () => {
    expect(new Set(names).size).toBe(names.length);
  });

  test('disposes of its store once, also when it fails, and fails when that does', async () => {
    let disposed = 0;
    const litter: MakeVfs = () =>
      Promise.resolve({
        vfs: memVfs(),
        dispose: () => ((disposed += 1), Promise.reject(new Error('something was left behind'))),
      });
    const [first] = conformance(litter);
    await expect(first!.run()).rejects.toThrow('something was left behind');
    expect(disposed).toBe(1);
  });
});
