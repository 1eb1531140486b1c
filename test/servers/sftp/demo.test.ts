import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { missing, openSsh } from './servers.js';
import { useServer } from './use-server.js';

const lacking = missing(openSsh);

test.skipIf(lacking !== undefined)(
  `the inbox demo runs over an SFTP server, with the keys of the user's home${lacking ? `: ${lacking}` : ''}`,
  { timeout: 900_000 },
  async () => {
    const server = await useServer(openSsh);
    try {
      const home = join(server.keys.folder, 'home');
      mkdirSync(join(home, '.ssh'), { recursive: true });
      cpSync(server.keys.userKeyFile, join(home, '.ssh', 'id_rsa'));
      cpSync(String(server.options.knownHosts), join(home, '.ssh', 'known_hosts'));
      const { username, host, port } = server.options;
      const inbox = join(server.folder, 'inbox');
      mkdirSync(inbox);
      const uri = `sftp://${String(username)}@${String(host)}:${String(port)}${inbox}`;
      const { SSH_AUTH_SOCK: _, ...env } = process.env;
      const root = join(import.meta.dirname, '..', '..', '..');
      const demo = [join(root, 'scripts', 'run-ts.mjs'), join(root, 'examples', 'csv-inbox', 'main.ts')];
      const { status, stdout, stderr } = spawnSync(process.execPath, [...demo, '--inbox', uri], {
        env: { ...env, HOME: home },
        encoding: 'utf8',
      });
      console.log(stdout.trim().split('\n').slice(-12).join('\n'));
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(readdirSync(inbox, { recursive: true }).sort()).toEqual(['archive']);
      expect(stdout).toMatch(/Every file was processed exactly once/);
    } finally {
      await server.dispose();
    }
  },
);
