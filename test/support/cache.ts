import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { must } from './process.js';

const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'vfs-lockfile-ci');

/** A folder outside the sources where something that takes long to fetch is kept. */
export class Cached {
  readonly folder: string;

  constructor(name: string) {
    this.folder = join(cache, name);
  }

  /** Fills the folder by a script for bash, which finds its path in `$1`, unless that was done before. Throws when it fails. */
  fill(script: string, ...args: readonly string[]): void {
    if (existsSync(join(this.folder, 'whole'))) return;
    const command = ['bash', '-euc', script, 'fill', this.folder, ...args] as const;
    must(join(import.meta.dirname, 'once.sh'), this.folder, ...command);
  }
}
