import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { guardPath, lockPath, stagedPath } from '../../../src/vfs/names.js';
import type { Content } from './content.js';

const MEMORY = '/dev/shm';

/** Where schedules run fastest: a file system in memory, where there is one. */
export function quickDisk(): string {
  return fs.existsSync(MEMORY) ? MEMORY : tmpdir();
}

/** What stands beside the lock file. */
export interface Survey {
  /** Neither the lock file nor its guard. */
  readonly staged: readonly string[];
  /** The same, with what stands in them. */
  readonly trees: readonly string[];
  /** What stands in the guard and of what kind, where there is one. */
  readonly inside: readonly string[] | undefined;
}

/** One real directory with one lock file, used over and over. */
export class World {
  readonly folder: string;
  readonly lock: string;
  readonly guard: string;
  /** How the path of every private name begins. */
  readonly staged: string;
  /** What its clock says, which goes forward only by the pauses of those who wait. */
  nowMs = 0;
  /** Room for more than any content that somebody writes. */
  readonly #buffer = Buffer.alloc(1024);
  #names: readonly string[] = [];

  constructor(disk: string) {
    this.folder = fs.mkdtempSync(join(disk, 'vfs-lockfile-explorer-'));
    this.lock = join(this.folder, lockPath('file'));
    this.guard = guardPath(this.lock);
    this.staged = stagedPath(this.lock, '');
  }

  /** The text at the lock path; undefined where no file is. */
  lockText(): string | undefined {
    let fd: number;
    try {
      fd = fs.openSync(this.lock, 'r');
    } catch (error) {
      if ((error as { readonly code?: string }).code === 'ENOENT') return undefined;
      throw error;
    }
    const bytes = fs.readSync(fd, this.#buffer);
    fs.closeSync(fd);
    return this.#buffer.toString('latin1', 0, bytes);
  }

  survey(): Survey {
    this.#names = fs.readdirSync(this.folder);
    const others = this.#names.filter((name) => !this.lock.endsWith(`/${name}`));
    const staged = others.filter((name) => !this.guard.endsWith(`/${name}`));
    const trees = treeOf(this.folder).filter(
      (name) => !this.lock.endsWith(`/${name}`) && !name.startsWith('file.lock.guard'),
    );
    return { staged, trees, inside: staged.length < others.length ? treeOf(this.guard) : undefined };
  }

  guardEntries(): readonly string[] {
    return fs.existsSync(this.guard) ? fs.readdirSync(this.guard) : [];
  }

  /** Clears away what the last survey found. */
  reset(initial: Content | undefined): void {
    this.nowMs = 0;
    for (const name of this.#names) clear(join(this.folder, name));
    if (initial !== undefined) fs.writeFileSync(this.lock, initial.bytes);
  }

  remove(): void {
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

/** `rmSync` takes five times as long. */
function clear(path: string): void {
  if (!fs.lstatSync(path).isDirectory()) {
    fs.unlinkSync(path);
    return;
  }
  for (const name of fs.readdirSync(path)) clear(join(path, name));
  fs.rmdirSync(path);
}

/** The names in a directory, each with what it is. */
function treeOf(folder: string): readonly string[] {
  return fs.readdirSync(folder, { withFileTypes: true }).map((entry) => {
    if (entry.isDirectory()) return `${entry.name}/ ${treeOf(join(folder, entry.name)).join(' ')}`;
    return entry.isSymbolicLink() ? `${entry.name}@` : entry.name;
  });
}

/** Gives `work` a new world, and takes it away again. */
export function inWorld<T>(disk: string, work: (world: World) => T): T {
  const world = new World(disk);
  try {
    return work(world);
  } finally {
    world.remove();
  }
}
