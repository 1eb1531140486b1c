import { mkdtempSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, describe, expect, test } from 'vitest';

import { doctor } from '../../../src/admin/index.js';
import { sftpVfs, type SftpVfs } from '../../../src/backends/sftp/index.js';
import { Lockfile, VfsFile } from '../../../src/index.js';
import { asyncSsh, missing, startServer, type Server, type ServerKind } from './servers.js';

const lacking = missing(asyncSsh);

function odd(...faults: readonly string[]): ServerKind {
  return {
    ...asyncSsh,
    name: `AsyncSSH with ${faults.join(' and ')}`,
    command: (keys, port) => [...asyncSsh.command(keys, port), faults.join(',')],
  };
}

describe.skipIf(lacking !== undefined)(`odd SFTP servers${lacking ? `: ${lacking}` : ''}`, () => {
  let server: Server;
  let folder: string;
  const open: SftpVfs[] = [];
  afterEach(async () => {
    for (const vfs of open.splice(0)) vfs.close();
    await server.dispose();
  });

  async function connected(...faults: readonly string[]): Promise<SftpVfs> {
    server = await startServer(odd(...faults));
    folder = mkdtempSync(join(server.folder, 'odd-'));
    return another();
  }

  function another(): SftpVfs {
    const vfs = sftpVfs({ ...server.options, root: folder, hostKey: server.fingerprint });
    open.push(vfs);
    return vfs;
  }

  test.each([['rmdir-19'], ['vague'], ['vague', 'no-links'], ['rmdir-19', 'no-links']])(
    'F1, B7: locks live on a server with the faults %s %s',
    { timeout: 900_000 },
    async (...faults) => {
      const vfs = await connected(...faults.filter((fault) => typeof fault === 'string'));
      const file = new VfsFile(vfs, 'a');
      expect(await vfs.read('nowhere')).toBeUndefined();
      expect(await vfs.stat('nowhere')).toBeUndefined();
      expect(await vfs.delete('nowhere')).toBe(false);
      for (let round = 0; round < 3; round += 1) {
        const lock = new Lockfile(file, { renew: false });
        await lock.acquire({ wait: '1m' });
        expect(await new Lockfile(new VfsFile(another(), 'a')).tryAcquire()).toBe(false);
        await lock.renew();
        expect(await lock.release()).toBe(true);
      }
      expect(readdirSync(folder)).toEqual([]);
    },
  );

  test(
    'F1: rivals meet at the guard of a server that calls a missing folder no directory',
    { timeout: 900_000 },
    async () => {
      const first = await connected('rmdir-19');
      const { verdict, words } = await doctor({ vfs: first, path: '' });
      expect([verdict, words[0]]).toEqual(['safe', expect.any(String)]);
    },
  );

  test(
    'B6: a server without FSTAT is refused before any lock is there, and nothing is left behind',
    { timeout: 900_000 },
    async () => {
      const vfs = await connected('no-fstat');
      const lock = new Lockfile(new VfsFile(vfs, 'a'));
      await expect(lock.acquire()).rejects.toMatchObject({
        code: 'ERR_VFS_UNSUPPORTED',
        message: expect.stringContaining('FSTAT') as string,
      });
      expect(readdirSync(folder)).toEqual([]);
      const { verdict, leftBehind } = await doctor({ vfs, path: '' });
      expect([verdict, leftBehind, readdirSync(folder)]).toEqual(['unsafe', [], []]);
    },
  );
});
