import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe } from 'vitest';

import { sftpVfs } from '../../../src/backends/sftp/index.js';
import { acrossSuite, type Remote } from '../../support/suites/across.js';
import { missing, openSsh } from './servers.js';
import { useServer } from './use-server.js';

/** A home folder with the keys that the command line finds there. */
function homeWith(userKey: string, knownHosts: string): string {
  const home = mkdtempSync(join(tmpdir(), 'vfs-lockfile-home-'));
  mkdirSync(join(home, '.ssh'));
  copyFileSync(userKey, join(home, '.ssh', 'id_rsa'));
  copyFileSync(knownHosts, join(home, '.ssh', 'known_hosts'));
  return home;
}

async function open(): Promise<Remote> {
  const server = await useServer(openSsh);
  const { username, knownHosts } = server.options;
  const home = homeWith(server.keys.userKeyFile, String(knownHosts));
  mkdirSync(join(server.folder, 'across'));
  const vfs = sftpVfs(server.options);
  return {
    uri: `sftp://${String(username)}@127.0.0.1:${String(server.port)}${server.folder}/across`,
    env: { HOME: home, SSH_AUTH_SOCK: '' },
    ...{ vfs, path: 'across' },
    dispose: async () => {
      vfs.close();
      rmSync(home, { recursive: true, force: true });
      await server.dispose();
    },
  };
}

const lacking = missing(openSsh);
describe.skipIf(lacking !== undefined)(`commands across processes over OpenSSH${lacking ? `: ${lacking}` : ''}`, () => {
  acrossSuite(open, 6);
});
