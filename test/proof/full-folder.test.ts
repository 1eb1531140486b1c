import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { doctor } from '../../src/admin/index.js';
import { lock, lockSync, withLock } from '../../src/index.js';

const isRoot = process.getuid?.() === 0;
if (!isRoot && process.env.CI) throw new Error('this test needs root, to mount a disk');

const lacking = [!isRoot && 'root', !existsSync('/dev/loop-control') && 'loop devices'].filter(Boolean).join(', ');

/** More than ext4 lets a folder have without `dir_nlink`. */
const MOST_SUBFOLDERS = 65_000;

describe.skipIf(lacking)(
  `a folder with as many subfolders as its disk allows${lacking && ` (needs ${lacking})`}`,
  () => {
    const home = mkdtempSync(join(tmpdir(), 'vfs-lockfile-full-'));
    const inbox = join(home, 'disk', 'inbox');

    beforeAll(() => {
      const [image, disk] = [join(home, 'image'), join(home, 'disk')];
      execFileSync('truncate', ['--size=220M', image]);
      execFileSync('mkfs.ext4', ['-q', '-F', '-b', '1024', '-O', '^dir_nlink,^has_journal', '-N', '70000', image]);
      mkdirSync(disk);
      execFileSync('mount', ['-o', 'loop', image, disk]);
      mkdirSync(inbox);
    });
    afterAll(() => {
      execFileSync('umount', [join(home, 'disk')]);
      rmSync(home, { recursive: true });
    });

    it('keeps, renews and releases a lock that is held, refuses another one, and takes locks again with one subfolder less', async () => {
      // To fill the folder may take longer than the lease that a lock has by default.
      const held = await lock(join(inbox, 'held.csv'), { renew: false, ttl: '1h' });
      expect(fill(inbox)).toBeLessThan(MOST_SUBFOLDERS);
      await held.renew();
      expect(await held.release()).toBe(true);
      // The holder's folder of the released lock may have made room for one.
      fill(inbox);
      const before = readdirSync(inbox).length;
      await expect(lock(join(inbox, 'new.csv'), { wait: 0 })).rejects.toMatchObject({
        code: 'ERR_VFS_IO',
        message: expect.stringContaining('EMLINK') as string,
      });
      expect(() => lockSync(join(inbox, 'new.csv'))).toThrow('EMLINK');
      expect((await doctor(inbox)).verdict).not.toBe('safe');
      expect(readdirSync(inbox)).toHaveLength(before);
      rmdirSync(join(inbox, '0'));
      rmdirSync(join(inbox, '1'));
      expect(await withLock(join(inbox, 'new.csv'), () => 'worked')).toBe('worked');
    });
  },
);

/** Makes subfolders until there is no room for one more. Returns how many. */
function fill(folder: string): number {
  for (let made = 0; ; made += 1) {
    try {
      mkdirSync(join(folder, String(made)));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EMLINK') return made;
      if (code !== 'EEXIST') throw error;
    }
  }
}
