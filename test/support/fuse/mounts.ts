import { execFileSync, fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { lacks } from '../needs.js';

export interface FuseOptions {
  /** One mount of the same tree for each: by how much its clock is ahead of this machine's, in milliseconds. */
  readonly aheadMs?: readonly number[];
  /** The length of the longest name, in bytes. */
  readonly nameMax?: number;
  /** As NFS does: a removed file that is open stays as `.nfs...` in its folder until it is closed, and cannot be removed there. */
  readonly keepsOpen?: boolean;
}

/** What goes wrong with the next request of a kind. */
export interface Fault {
  /** As the FUSE protocol names it: `'RENAME'`. */
  readonly op: string;
  /** A regular expression for one of the names in the request. */
  readonly name?: string;
  readonly errno: number;
  /** The request is done, and answered as if it was repeated after the first reply was lost. */
  readonly done?: boolean;
  readonly times?: number;
}

/** Why file systems behind FUSE cannot be mounted here; an empty text where they can. */
export function lacksFuse(): string {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return lacks('root, to mount FUSE', 'sudo npm test');
  try {
    accessSync('/dev/fuse', constants.R_OK | constants.W_OK);
    return '';
  } catch (error) {
    return lacks('/dev/fuse', 'modprobe fuse', error);
  }
}

/** A file system in memory behind FUSE, served by a process of its own. */
export class FuseDisk {
  /** Where it is mounted. */
  readonly paths: readonly string[];
  readonly #daemon: ChildProcess;

  private constructor(paths: readonly string[], daemon: ChildProcess) {
    this.paths = paths;
    this.#daemon = daemon;
  }

  static async mount({ aheadMs = [0], nameMax = 255, keepsOpen = false }: FuseOptions = {}): Promise<FuseDisk> {
    const mounts = aheadMs.map((ahead) => ({
      path: mkdtempSync(join(tmpdir(), 'vfs-lockfile-fuse-')),
      aheadMs: ahead,
    }));
    const daemon = fork(join(import.meta.dirname, 'daemon.mjs'), [JSON.stringify({ mounts, nameMax, keepsOpen })]);
    const disk = new FuseDisk(
      mounts.map(({ path }) => path),
      daemon,
    );
    for (const { path } of mounts) {
      const [message] = (await Promise.race([once(daemon, 'message'), once(daemon, 'exit')])) as unknown[];
      if ((message as { readonly mounted?: string } | null)?.mounted !== undefined) continue;
      await disk.remove();
      throw new Error(`${path} is not mounted: ${JSON.stringify(message)}`);
    }
    return disk;
  }

  /** Lets the next such request fail. */
  async fail(fault: Fault): Promise<void> {
    const noted = once(this.#daemon, 'message');
    this.#daemon.send(fault);
    await noted;
  }

  /** From now on it answers nothing. */
  hang(): void {
    this.#daemon.kill('SIGSTOP');
  }

  wake(): void {
    this.#daemon.kill('SIGCONT');
  }

  /** Ends the process that serves it, and unmounts it. Calls that still wait for an answer fail. */
  async remove(): Promise<void> {
    if (this.#daemon.exitCode === null && this.#daemon.signalCode === null) {
      const ended = once(this.#daemon, 'exit');
      this.#daemon.kill('SIGKILL');
      await ended;
    }
    for (const path of this.paths) {
      try {
        execFileSync('umount', ['--lazy', path], { stdio: 'ignore' });
      } catch {
        // It was never mounted.
      }
      rmSync(path, { recursive: true, force: true });
    }
  }
}
