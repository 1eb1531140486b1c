import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { areThere, lacks } from '../../support/needs.js';
import { must, startDaemon, type Running } from '../../support/process.js';
import { CEPH_FILES } from './ceph.js';

export const CEPHFS_PACKAGES = ['ceph-mds', 'ceph-fuse'];
const NEEDS = [...CEPH_FILES, ...CEPHFS_PACKAGES.map((name) => `/usr/bin/${name}`), '/dev/fuse'];

/** The number of the first folder of every CephFS. */
const ROOT_INODE = 1;

/** Why there can be no file system here; undefined: there can. */
export function missingCephFs(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root, to mount CephFS';
  return areThere(NEEDS) ? undefined : lacks('CephFS');
}

/** A CephFS in a cluster that runs, and clients of it, each of which stamps what it writes by a clock of its own. */
export class CephFs {
  readonly #config: string;
  readonly #home = mkdtempSync(join(tmpdir(), 'vfs-lockfile-cephfs-'));
  readonly #running: Running[] = [];
  readonly #mounted: string[] = [];

  /** `cluster`: the folder of the cluster. */
  static async start(cluster: string): Promise<CephFs> {
    const made = new CephFs(cluster);
    try {
      await made.#start();
    } catch (error) {
      await made.stop();
      throw error;
    }
    return made;
  }

  private constructor(cluster: string) {
    this.#config = join(cluster, 'ceph.conf');
  }

  /** Mounts the file system by a client whose clock is wrong by so many seconds. Returns where. */
  async mount(name: string, offSeconds: number): Promise<string> {
    const at = join(this.#home, name);
    mkdirSync(at);
    const fake = `${offSeconds < 0 ? '' : '+'}${String(offSeconds)}s`;
    const clock = ['env', 'FAKETIME_DONT_FAKE_MONOTONIC=1', 'faketime', '-m', '-f', fake] as const;
    const client = ['ceph-fuse', '-f', '--conf', this.#config, '-n', `client.${name}`, at];
    this.#mounted.push(at);
    this.#running.push(await startDaemon([...clock, ...client], () => statSync(at).ino === ROOT_INODE));
    return at;
  }

  async stop(): Promise<void> {
    for (const at of this.#mounted) spawnSync('umount', ['--lazy', at]);
    for (const each of this.#running.reverse()) await each.stop('SIGKILL');
    rmSync(this.#home, { recursive: true, force: true });
  }

  async #start(): Promise<void> {
    const ceph = (...args: readonly string[]): string => must('ceph', '--conf', this.#config, ...args);
    for (const pool of ['fs-meta', 'fs-data']) ceph('osd', 'pool', 'create', pool, '4');
    ceph('fs', 'new', 'fs', 'fs-meta', 'fs-data');
    const data = join(this.#home, 'mds');
    mkdirSync(data);
    const isActive = (): boolean => ceph('fs', 'dump', '--format', 'json').includes('up:active');
    const mds = ['ceph-mds', '-i', 'a', '-f', '--conf', this.#config, `--mds-data=${data}`] as const;
    this.#running.push(await startDaemon([...mds], isActive));
  }
}
