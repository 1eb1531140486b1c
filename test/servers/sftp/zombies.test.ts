import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { test } from 'vitest';

import { sftpVfs } from '../../../src/backends/sftp/index.js';
import { LIMIT_MS, stopPastLease, STOPS_ON_SERVERS, titleOf } from '../../support/fencing/stops.js';
import { missing, openSsh } from './servers.js';
import { useServer } from './use-server.js';

const lacking = missing(openSsh);

test.skipIf(lacking !== undefined)(
  `${openSsh.name}: ${titleOf(STOPS_ON_SERVERS)}${lacking ? `: ${lacking}` : ''}`,
  { timeout: LIMIT_MS },
  async () => {
    const server = await useServer(openSsh);
    const root = join(server.folder, 'zombies');
    mkdirSync(root);
    // Many requests at once take long on a slow machine.
    const options = { ...server.options, root, timeout: '5m', keepalive: '5m' };
    const vfs = sftpVfs(options);
    try {
      const { privateKey: _, ...sftp } = options;
      const store = { kind: 'sftp', root, sftp, keyFile: server.keys.userKeyFile } as const;
      await stopPastLease(
        openSsh.name,
        { vfs, store, folder: 'locks', isGuarded: true, ttlMs: 3000 },
        STOPS_ON_SERVERS,
      );
    } finally {
      vfs.close();
      await server.dispose();
    }
  },
);
