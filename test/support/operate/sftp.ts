import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';

import { sftpVfs } from '../../../src/backends/sftp/index.js';
import type { Vfs } from '../../../src/index.js';
import { missing, openSsh } from '../../servers/sftp/servers.js';
import { useServer } from '../../servers/sftp/use-server.js';
import { FOLDERS, onDisk, type StoreKind } from './stores.js';

/** A folder on this machine, by way of OpenSSH. */
export const openSshStore: StoreKind = {
  ...FOLDERS,
  name: 'OpenSSH',
  lacking: missing(openSsh),
  start: async () => {
    const server = await useServer(openSsh);
    const root = join(server.folder, 'operate');
    mkdirSync(root);
    const opened: { close: () => void }[] = [];
    const rival = (): Vfs => {
      const vfs = sftpVfs({ ...server.options, root });
      opened.push(vfs);
      return vfs;
    };
    const vfs = rival();
    return {
      place: () => {
        const disk = mkdtempSync(join(root, 'place-'));
        return onDisk(rival, disk, vfs);
      },
      stop: async () => {
        for (const each of opened) each.close();
        await server.dispose();
      },
    };
  },
};
