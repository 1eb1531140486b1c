import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { inspect, sweep } from '../../../src/admin/index.js';
import { lock, lockSync } from '../../../src/index.js';

const canTell = process.platform === 'linux' && spawnSync('flock', ['--version']).status === 0;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-flock-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(!canTell)(
  `U1: an empty lock file that flock(1) has locked${canTell ? '' : ': needs Linux and flock'}`,
  () => {
    it('is left alone by everybody until it is unlocked, whatever its age', async () => {
      const [file, path] = [join(folder, 'job'), join(folder, 'job.lock')];
      writeFileSync(path, '');
      utimesSync(path, 1e9, 1e9);
      const { ino } = statSync(path);
      const holder = spawn('flock', [path, 'sh', '-c', 'echo ready; read end'], { stdio: ['pipe', 'pipe', 'inherit'] });
      await once(holder.stdout, 'data');
      const refusal = { code: 'ERR_LOCK_FOREIGN', path, size: 0 };
      await expect(lock(file, { ttl: 100, wait: '20s' })).rejects.toMatchObject(refusal);
      expect(() => lockSync(file, { ttl: 100 })).toThrow(
        `${path} (empty, locked by the kernel as flock does) is no lock`,
      );
      expect(await inspect(file, { ttl: 100 })).toMatchObject({ state: 'foreign' });
      expect(await sweep(folder, { ttl: 100, unreadable: true })).toMatchObject({ left: 1, reasons: { foreign: 1 } });
      expect([readdirSync(folder), statSync(path).ino]).toEqual([['job.lock'], ino]);
      holder.stdin.end('\n');
      await once(holder, 'exit');
      await using held = await lock(file, { ttl: '1m', wait: 0 });
      expect(held.reclaimedFrom).toEqual({ reason: 'unreadable' });
    });
  },
);
