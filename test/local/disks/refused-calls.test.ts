import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { doctor } from '../../../src/admin/index.js';
import { blockingCalls, inlineCalls, pooledCalls, type Syscalls } from '../../../src/backends/local/syscalls.js';
import { localVfs, Lockfile, lockSync, VfsFile } from '../../../src/index.js';
import { publicNames } from '../../support/names.js';
import { foreign, putLock } from '../../support/operate/locks.js';
import { FuseDisk, lacksFuse } from '../../support/fuse/mounts.js';

const DIST = pathToFileURL(join(import.meta.dirname, '../../../dist/index.js')).href;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-refused-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

function refuse(names: readonly (keyof Syscalls)[], code: string): void {
  for (const calls of [blockingCalls, inlineCalls, pooledCalls]) {
    for (const name of names) {
      vi.spyOn(calls, name).mockImplementation(() => {
        throw Object.assign(new Error(`${code}: ${name}`), { code });
      });
    }
  }
}

test('B3: under a permission model, which refuses symbolic links, a lock is taken and released again and again', () => {
  const script = `import { Lockfile, lockSync } from '${DIST}';
    for (let round = 0; round < 3; round += 1) {
      const lock = await Lockfile.open('${folder}/data.csv', { renew: false });
      await lock.acquire({ wait: 0 }); await lock.renew();
      console.log(await lock.release(), lockSync('${folder}/data.csv').release());
    }`;
  const { permission } = process.allowedNodeEnvironmentFlags.has('--permission')
    ? { permission: '--permission' }
    : { permission: '--experimental-permission' };
  const model = [permission, '--allow-fs-read=*', `--allow-fs-write=${folder}`, '--no-warnings'];
  const { stdout, stderr } = spawnSync(process.execPath, [...model, '--input-type=module', '-e', script]);
  expect(stdout.toString() + stderr.toString()).toBe('true true\n'.repeat(3));
  expect(readdirSync(folder)).toEqual([]);
});

describe.each(['EPERM', 'EACCES', 'ENOSYS', 'EROFS'])('B4: a disk that refuses chmod (%s)', (code) => {
  test.each(['777', '2775', '1777'])('does not hinder a lock (mode %s), and doctor calls it safe', async (mode) => {
    chmodSync(folder, Number.parseInt(mode, 8));
    refuse(['chmod', 'fchmod', 'fchown'], code);
    const lock = new Lockfile(new VfsFile(localVfs({ root: folder }), 'data.csv'), { renew: false });
    await lock.acquire({ wait: 0 });
    await lock.renew();
    expect(await lock.release()).toBe(true);
    await putLock(localVfs({ root: folder }), 'data.csv', foreign({ leaseMs: 1 }));
    await lock.acquire({ wait: '5m' });
    expect(await lock.release()).toBe(true);
    lockSync(join(folder, 'data.csv')).release();
    expect(publicNames(folder)).toEqual([]);
    if (code === 'EPERM') expect((await doctor(folder)).verdict).toBe('safe');
  });
});

describe('doctor tries what renewal, release and takeover need', () => {
  const verdictOf = async (name: string): Promise<unknown> =>
    (await doctor(folder)).checks.find((check) => check.name === name)?.verdict;

  test('on a disk where all of it works', async () => {
    expect(await verdictOf('renewal, release, takeover')).toBe('ok');
    expect(await verdictOf('long names')).toBe('ok');
    expect(readdirSync(folder)).toEqual([]);
  });

  test.each<[string, keyof Syscalls, string]>([
    ['B3: folders and links', 'mkdir', 'EACCES'],
    ['renames', 'rename', 'EACCES'],
    ['B22: hard links', 'link', 'EACCES'],
  ])('on a disk that refuses %s', async (_what, call, code) => {
    refuse([call], code);
    const { verdict, checks } = await doctor(folder);
    expect(verdict).not.toBe('safe');
    expect(checks.some(({ verdict: each }) => each === 'failed')).toBe(true);
  });

  test.skipIf(lacksFuse() !== '')('W5: on a file system whose names have at most 143 bytes', async () => {
    const disk = await FuseDisk.mount({ nameMax: 143 });
    try {
      const { verdict, checks } = await doctor(disk.paths[0]!);
      expect(verdict).toBe('safe');
      const check = checks.find(({ name }) => name === 'long names');
      expect(check).toMatchObject({ verdict: 'note', found: expect.stringContaining('132 bytes can be') as string });
    } finally {
      await disk.remove();
    }
  });
});
