import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { sftpVfs } from '../../../src/backends/sftp/index.js';
import { Lockfile, VfsFile } from '../../../src/index.js';
import { excluding, missing, mySecureShell, rclone, startServer, type ServerUse } from './servers.js';
import { useServer } from './use-server.js';

const HOUR_MS = 3_600_000;

interface Part {
  readonly local?: boolean;
  readonly hardLinks?: boolean;
  readonly aheadMs?: number;
}

/** Runs contenders in processes of their own; resolves with what their judge has noted. */
async function contend(server: ServerUse, parts: readonly Part[], rounds: number): Promise<readonly string[]> {
  const root = mkdtempSync(join(server.folder, 'exclusion-'));
  const judge = `${root}.judge`;
  const { privateKey: _, ...sftp } = server.options;
  const exits = parts.map(async ({ local = false, hardLinks = true, aheadMs = 0 }) => {
    const given = { keyFile: server.keys.userKeyFile, sftp: local ? undefined : { ...sftp, root }, root };
    const orders = JSON.stringify({ ...given, hardLinks, judge, rounds, aheadMs, ttl: '5s' });
    const child = spawn(process.execPath, [join(import.meta.dirname, 'contender.mjs'), orders], { stdio: 'pipe' });
    let said = '';
    child.stderr.on('data', (data: Buffer) => (said += data.toString()));
    await once(child, 'exit');
    return said;
  });
  expect(await Promise.all(exits)).toEqual(parts.map(() => ''));
  expect(readdirSync(root)).toEqual([]);
  return readFileSync(`${judge}.log`, 'utf8').trim().split('\n');
}

for (const kind of excluding.filter((each) => each.uid === undefined)) {
  const lacking = missing(kind);
  describe.skipIf(lacking !== undefined)(`${kind.name}${lacking ? `: ${lacking}` : ''}`, () => {
    let server: ServerUse;
    beforeAll(async () => void (server = await useServer(kind)));
    afterAll(() => server.dispose());

    test('processes exclude each other, whatever their clocks say', { timeout: 900_000 }, async () => {
      const parts = [{}, { aheadMs: HOUR_MS }, { aheadMs: -HOUR_MS }];
      expect(await contend(server, parts, 10)).toHaveLength(30);
    });

    test('processes on its disk and processes at its door exclude each other', { timeout: 900_000 }, async () => {
      // Where one has to go without hard links all have to.
      const local = { local: true, hardLinks: kind !== mySecureShell };
      const parts = [local, { ...local, aheadMs: HOUR_MS }, {}, { aheadMs: -HOUR_MS }];
      expect(await contend(server, parts, 10)).toHaveLength(40);
    });
  });
}

const rcloneLacking = missing(rclone);
test.skipIf(rcloneLacking !== undefined)(
  `rclone, which says yes to hard links and makes none, is refused${rcloneLacking ? `: ${rcloneLacking}` : ''}`,
  async () => {
    const server = await startServer(rclone);
    const vfs = sftpVfs(server.options);
    try {
      const lock = new Lockfile(new VfsFile(vfs, 'a'));
      await expect(lock.acquire({ wait: 0 })).rejects.toMatchObject({
        code: 'ERR_VFS_UNSUPPORTED',
        effect: 'none',
        message: expect.stringMatching(/hard link/) as string,
      });
      expect(readdirSync(server.folder)).toEqual([]);
    } finally {
      vfs.close();
      await server.dispose();
    }
  },
);
