import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import fc from 'fast-check';
import { Volume } from 'memfs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { memVfs } from '../../../src/backends/mem/index.js';
import {
  conformance,
  type ConformanceOptions,
  type MakeVfs,
  type VfsUnderTest,
} from '../../../src/conformance/index.js';
import { localVfs, type LocalVfsOptions } from '../../../src/index.js';
import { SlowVfs } from './slow-vfs.js';
import { ThreadVfs } from './thread-vfs.js';

const TMPFS = 0x01021994;
const isTmpfs = (folder: string): boolean => statfsSync(folder).type === TMPFS;

/** Where such a file system is. A machine without a tmpfs cannot try it; one that runs the whole check has to. */
function folderOn(wanted: 'disk' | 'tmpfs'): string | undefined {
  const found = [tmpdir(), '/var/tmp', '/dev/shm', process.cwd()]
    .filter((folder) => existsSync(folder))
    .find((folder) => isTmpfs(folder) === (wanted === 'tmpfs'));
  if (found === undefined && process.env.CI) throw new Error(`this machine has no ${wanted} to test on`);
  return found;
}

const DISK = folderOn('disk');
const SHARED_MEMORY = folderOn('tmpfs');

const nothing = (): Promise<void> => Promise.resolve();

function mem(): Promise<VfsUnderTest> {
  return Promise.resolve({ vfs: memVfs(), dispose: nothing });
}

function memOfMyOwn(): Promise<VfsUnderTest> {
  const mine = { '/app/config.json': '{}', '/elsewhere/file': 'x' };
  const volume = Volume.fromJSON({ ...mine, '/app/data': null });
  const dispose = (): Promise<void> => {
    expect(volume.toJSON()).toMatchObject(mine);
    return nothing();
  };
  return Promise.resolve({ vfs: memVfs({ volume }), folder: 'app/data', dispose });
}

const seed = Date.now();
const delaysMs = fc.sample(fc.double({ min: 0, max: 2, noNaN: true }), { seed, numRuns: 1009 });
let delays = 0;

function memFarAway(): Promise<VfsUnderTest> {
  const vfs = new SlowVfs(memVfs(), () => delaysMs[(delays += 1) % delaysMs.length]!);
  return Promise.resolve({ vfs, dispose: nothing });
}

function local(parent: string, options: LocalVfsOptions = {}): MakeVfs {
  return () => {
    const root = mkdtempSync(join(parent, 'vfs-lockfile-conformance-'));
    return Promise.resolve({ vfs: localVfs({ root, ...options }), dispose: () => removed(root) });
  };
}

/** Fails when something of ours was left in a folder, and removes that. */
async function removed(folder: string): Promise<void> {
  const ours = (): string[] => readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(isOurs);
  try {
    // A change whose caller gave up may end a little later. Any other has cleaned up when it returns.
    if (expect.getState().currentTestName?.includes('abort')) await expect.poll(ours, { timeout: 30_000 }).toEqual([]);
    expect(ours()).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Guards and staged names, which nothing may leave behind. */
function isOurs(path: string): boolean {
  return /^\.vfs-lockfile-|\.guard$/.test(basename(path));
}

function contract(what: string, make: MakeVfs | undefined, options?: ConformanceOptions): void {
  describe.skipIf(make === undefined)(what, () => {
    for (const { name, run } of conformance(make ?? mem, options)) test(name, run);
  });
}

/** The same, but each race is between three threads that make system calls of their own. */
function contractAmongThreads(what: string, local: LocalVfsOptions, options?: ConformanceOptions): void {
  describe.skipIf(DISK === undefined)(what, () => {
    let root = '';
    let rivals: readonly ThreadVfs[] = [];
    beforeAll(async () => {
      root = mkdtempSync(join(DISK!, 'vfs-lockfile-conformance-'));
      rivals = await Promise.all([1, 2].map(() => ThreadVfs.start({ root, ...local })));
    });
    afterAll(async () => {
      await Promise.all(rivals.map((rival) => rival.end()));
      rmSync(root, { recursive: true });
    });
    let made = 0;
    const make = (): Promise<VfsUnderTest> => {
      const folder = `case ${(made += 1)}`;
      mkdirSync(join(root, folder));
      const dispose = (): Promise<void> => removed(join(root, folder));
      return Promise.resolve({ vfs: localVfs({ root, ...local }), rivals, folder, dispose });
    };
    for (const { name, run } of conformance(make, options)) test(name, run);
  });
}

const onDisk = (options: LocalVfsOptions): MakeVfs | undefined =>
  DISK === undefined ? undefined : local(DISK, options);

/** The contract of a store, of stores in the memory of this process. */
export function memoryContracts(options?: ConformanceOptions): void {
  contract('memory', mem, options);
  contract('memory on a volume of my own', memOfMyOwn, options);
  contract(`memory behind a network (seed ${seed})`, memFarAway, options);
}

/** The same of folders on this machine's disks. */
export function diskContracts(options?: ConformanceOptions): void {
  contract('a local disk (needs one besides tmpfs)', onDisk({}), options);
  contract('a local disk without hard links', onDisk({ hardLinks: false }), options);
  contract('tmpfs (needs one)', SHARED_MEMORY === undefined ? undefined : local(SHARED_MEMORY), options);
}

/** The same of a folder that several threads work on. */
export function threadContracts(options?: ConformanceOptions): void {
  contractAmongThreads('a local disk raced by other threads', {}, options);
  contractAmongThreads('a local disk without hard links raced by other threads', { hardLinks: false }, options);
}
