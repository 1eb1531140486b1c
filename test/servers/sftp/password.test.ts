import { chmodSync, readdirSync } from 'node:fs';
import { inspect } from 'node:util';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { sftpVfs, type SftpVfsOptions } from '../../../src/backends/sftp/index.js';
import { Lockfile, VfsError, VfsFile } from '../../../src/index.js';
import { missing, startServer, type Server } from './servers.js';
import { passwordOpenSsh, passwordProftpd, WORKER } from './special-servers.js';

const { password } = WORKER;
const WRONG = 'battery of wrong horses';

for (const kind of [passwordOpenSsh('password'), passwordOpenSsh('keyboard-interactive'), passwordProftpd]) {
  const lacking = missing(kind);
  describe.skipIf(lacking !== undefined)(`${kind.name}${lacking ? `: ${lacking}` : ''}`, () => {
    let server: Server;
    beforeAll(async () => {
      server = await startServer(kind);
      chmodSync(server.folder, 0o777);
    });
    afterAll(() => server.dispose());

    /** Takes a lock and gives it back, with nothing to log in by but what is given. */
    async function tried(login: SftpVfsOptions): Promise<unknown> {
      const { privateKey: _, ...options } = server.options;
      const vfs = sftpVfs({ ...options, ...login });
      try {
        const lock = new Lockfile(new VfsFile(vfs, 'a'));
        await lock.acquire({ wait: 0 });
        return await lock.release();
      } catch (error) {
        return error;
      } finally {
        vfs.close();
        expect(readdirSync(server.folder)).toEqual([]);
      }
    }

    test('lets in who has the password, and refuses who has not, without a word of either', async () => {
      expect(await tried({ password })).toBe(true);
      const error = await tried({ password: WRONG });
      expect(error).toBeInstanceOf(VfsError);
      expect(error).toMatchObject({ code: 'ERR_VFS_DENIED', effect: 'none' });
      expect(inspect(error, { depth: 10, showHidden: true })).not.toMatch(/horse/);
    });

    if (!kind.name.endsWith('keyboard-interactive')) return;
    test('lets in who answers its questions', async () => {
      const asked: string[] = [];
      const answering = (answer: string) =>
        tried({
          keyboardInteractive: (prompts) => {
            asked.push(...prompts.map(({ prompt }) => prompt));
            return prompts.map(() => answer);
          },
        });
      expect(await answering(password)).toBe(true);
      expect(asked).toEqual([expect.stringMatching(/^(\(.*\) )?Password: $/)]);
      expect(await answering(WRONG)).toMatchObject({ code: 'ERR_VFS_DENIED' });
    });
  });
}
