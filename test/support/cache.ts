import { spawnSync } from 'node:child_process';
import { homedir } from 'node:os';
import { join } from 'node:path';

const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'vfs-lockfile-ci');

/** A folder outside the sources where something that takes long to fetch is kept. */
export class Cached {
  readonly folder: string;

  constructor(name: string) {
    this.folder = join(cache, name);
  }

  /**
   * Fills the folder by a script for bash, which finds its path in `$1`, unless that was done before. Throws when it fails.
   * Only `npm run test:install` does so, whose working folder is that of the project.
   */
  fill(script: string, ...args: readonly string[]): void {
    const command = [this.folder, 'bash', '-euc', script, 'fill', this.folder, ...args];
    const { status, error } = spawnSync('scripts/install/once.sh', command, { stdio: 'inherit' });
    if (status !== 0) throw new Error(`${this.folder} cannot be filled`, { cause: error });
  }
}
