import { spawnSync } from 'node:child_process';

import { HOW_TO_GET_TLC, installTlc, TLC_PACKAGES } from '../../proof/tlc.js';
import { HOW_TO_GET_PORCUPINE, installPorcupine } from '../proof/porcupine/porcupine.js';
import { BROWSER_PACKAGES } from './http/chromium.js';
import { HOW_TO_GET_CONSUMERS, installConsumers } from './consumers/consumers.js';
import { HOW_TO_GET_FAKE_GCS, installFakeGcs } from './gcs/fake-gcs.js';
import { HOW_TO_GET_PYTHON_CLIENTS, installPythonClients } from './http/python-clients.js';
import { CEPH_PACKAGES } from './s3/ceph.js';
import { CEPHFS_PACKAGES } from './s3/cephfs.js';
import { POSTGRES_PACKAGES } from './sql/postgres.js';
import { HOW_TO_GET_SEAWEED, installSeaweed } from './s3/seaweed.js';
import { excluding, rclone } from './sftp/servers.js';
import { offOpenSsh, TracedOpenSsh } from './sftp/special-servers.js';

/**
 * `npm run test:install`: installs the servers and tools that some tests need, and says what. Nothing else in this project
 * installs anything on the machine.
 */
const SHELLS = ['zsh', 'fish', 'curl'];
const DISKS = ['acl'];
const CLOCKS = ['faketime'];
const kinds = [...excluding, rclone, new TracedOpenSsh().kind, offOpenSsh(0)];
const debian = [
  ...new Set([
    ...kinds.flatMap(({ packages }) => packages),
    ...CEPH_PACKAGES,
    ...CEPHFS_PACKAGES,
    ...CLOCKS,
    ...SHELLS,
    ...DISKS,
    ...BROWSER_PACKAGES,
    ...POSTGRES_PACKAGES,
    ...TLC_PACKAGES,
  ]),
];

function install(what: string, how: () => void): void {
  console.log(`Installing ${what}`);
  try {
    how();
  } catch (error) {
    console.error(`FAILED: ${what}:`, error);
    process.exitCode = 1;
  }
}

function packages(): void {
  if (process.getuid?.() !== 0) throw new Error('only root can install Debian packages');
  const { status, error } = spawnSync('scripts/install/packages.sh', debian, { stdio: 'inherit' });
  if (status !== 0) throw new Error('apt-get failed', { cause: error });
}

install(`Debian packages, by apt-get: ${debian.join(' ')}`, packages);
install(`SeaweedFS, by ${HOW_TO_GET_SEAWEED}, in ~/.cache/vfs-lockfile-ci`, installSeaweed);
install(`fake-gcs-server, by ${HOW_TO_GET_FAKE_GCS}, in ~/.cache/vfs-lockfile-ci`, installFakeGcs);
install(`TLC, by ${HOW_TO_GET_TLC}, in ~/.cache/vfs-lockfile-ci`, installTlc);
install(`porcupine, by ${HOW_TO_GET_PORCUPINE}, in ~/.cache/vfs-lockfile-ci`, installPorcupine);
install(`Python clients, by ${HOW_TO_GET_PYTHON_CLIENTS}, in ~/.cache/vfs-lockfile-ci`, installPythonClients);
install(`Bun, Deno, Jest and bundlers, by ${HOW_TO_GET_CONSUMERS}, in ~/.cache/vfs-lockfile-ci`, installConsumers);
