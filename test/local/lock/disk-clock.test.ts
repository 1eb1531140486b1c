import fs, { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { doctor, sweep } from '../../../src/admin/index.js';
import { localVfs } from '../../../src/backends/local/index.js';
import { Lockfile, type Snapshot } from '../../../src/index.js';
import { publicNames } from '../../support/names.js';

const EXT = 0xef53;
const CEPH = 0x00c36400;
const FUSE = 0x65735546;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-disk-clock-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
  rmSync(folder, { recursive: true });
});

/** Makes the folder stand on another file system, as far as statfs(2) goes. */
function pretend(type: number): void {
  const stats = Object.assign(fs.statfsSync(folder), { type });
  vi.spyOn(fs, 'statfsSync').mockReturnValue(stats);
  vi.spyOn(fs.promises, 'statfs').mockResolvedValue(stats);
  syncBuiltinESMExports();
}

/** A live lock, written by a client whose clock is 90 s behind that of this machine. */
function heldByOther(): string {
  const file = join(folder, 'data.csv');
  const createdAt = new Date().toISOString();
  writeFileSync(`${file}.lock`, JSON.stringify({ createdAt, ttl: 20e9, hostname: 'other', pid: 1, nonce: 'n' }));
  const seconds = Date.now() / 1000 - 90;
  utimesSync(`${file}.lock`, seconds, seconds);
  return file;
}

describe.each([
  ['one machine stamps all files', EXT, true],
  ['each client stamps its own files', CEPH, false],
  ['nobody knows who stamps the files', FUSE, false],
])('E1: on a disk where %s', (_how, type, clocked) => {
  it('a read returns the time of the disk only if it has one', async () => {
    pretend(type);
    writeFileSync(join(folder, 'a'), 'a');
    const vfs = localVfs({ root: folder });
    const times = (snapshot: Snapshot | undefined): boolean => typeof snapshot?.nowMs === 'number';
    expect(times(await vfs.read('a', { clock: true }))).toBe(clocked);
    expect(times(vfs.sync.read('a', { clock: true }))).toBe(clocked);
    expect(publicNames(folder)).toEqual(['a']);
  });

  it('a lock that looks old is taken over at once only if the disk has a clock', async () => {
    pretend(type);
    const file = heldByOther();
    expect(await (await Lockfile.open(file)).tryAcquire()).toBe(clocked);
  });

  it('doctor says whose clock it is', async () => {
    pretend(type);
    const { checks, clockAheadMs, verdict } = await doctor(folder);
    const check = checks.find(({ name }) => name === 'clock');
    expect(verdict).toBe('safe');
    expect(check?.verdict).toBe(clocked ? 'ok' : 'note');
    const owner = clocked ? 'by the clock of the store' : 'each client stamps its own files, so age is watched';
    expect(check?.found).toContain(owner);
    expect(typeof clockAheadMs).toBe(clocked ? 'number' : 'undefined');
  });

  it('sweep judges leftovers by their age only if the disk has a clock', async () => {
    pretend(type);
    const leftover = join(folder, `.vfs-lockfile-${'0'.repeat(32)}`);
    mkdirSync(leftover);
    const longAgo = Date.now() / 1000 - 7200;
    utimesSync(leftover, longAgo, longAgo);
    const swept = [];
    for await (const each of sweep(folder)) swept.push(each);
    expect(swept[0]).toMatchObject({ kind: 'leftover', reason: clocked ? 'leftover' : 'untimed' });
  });
});
