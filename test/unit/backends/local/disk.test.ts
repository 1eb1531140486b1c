import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { fakeGlobals, realGlobals } from '../../../support/fake-time.js';
import { hasOneClock, knownSyscallsFor, syscallsFor, watchBlocking } from '../../../../src/backends/local/disk.js';
import { inlineCalls, pooledCalls } from '../../../../src/backends/local/syscalls.js';

describe('E1: time stamps of a file system may be compared', () => {
  it.each([
    ['ext4', 0xef53],
    ['xfs', 0x58465342],
    ['btrfs', 0x9123683e],
    ['tmpfs', 0x01021994],
    ['overlay', 0x794c7630],
    ['zfs', 0x2fc12fc1],
    ['NFS', 0x6969],
    ['SMB', 0x517b],
    ['CIFS', 0xff534d42],
    ['SMB2', 0xfe534d42],
    ['CIFS, as a signed number', 0xff534d42 | 0],
  ])('where one machine stamps all files: %s', (_name, type) => {
    expect(hasOneClock(type)).toBe(true);
  });

  it.each([
    ['CephFS', 0x00c36400],
    ['FUSE', 0x65735546],
    ['Lustre', 0x0bd00bd0],
    ['GFS2', 0x01161970],
    ['OCFS2', 0x7461636f],
    ['GPFS', 0x47504653],
    ['9p', 0x01021997],
    ['an unknown one', 0x12345678],
  ])('but not where each client does, or nobody knows: %s', (_name, type) => {
    expect(hasOneClock(type)).toBe(false);
  });

  it('on Windows, whose disks have no type', () => {
    expect(hasOneClock(0)).toBe(process.platform === 'win32');
  });
});

describe.runIf(process.platform === 'linux')('F2: changes that block the event loop three times in a row', () => {
  const folder = '/some/folder';
  let queuedMs = 0;
  let ranMs = 0;

  beforeEach(async () => {
    fakeGlobals({ toFake: ['performance'] });
    vi.spyOn(fs.promises, 'statfs').mockResolvedValue(Object.assign(fs.statfsSync('/'), { type: 0x01021994 }));
    vi.spyOn(fs, 'readFileSync').mockImplementation(() => `${String(ranMs * 1e6)} ${String(queuedMs * 1e6)} 1`);
    syncBuiltinESMExports();
    await syscallsFor(folder);
  });

  afterEach(() => {
    realGlobals();
    vi.restoreAllMocks();
    syncBuiltinESMExports();
  });

  it('send the next ones through the thread pool where the disk was slow', () => {
    for (let change = 0; change < 3; change += 1) watchBlocking(folder, () => vi.advanceTimersByTime(3));
    expect(knownSyscallsFor(folder)).toBe(pooledCalls);
  });

  it.each([
    ['the thread only waited for a processor', (ms: number): unknown => (queuedMs += ms)],
    ['code ran for the first time, or the thread computed for another reason', (ms: number): unknown => (ranMs += ms)],
  ])('stay where they are if %s', (_, spend) => {
    for (let change = 0; change < 10; change += 1) {
      watchBlocking(folder, () => {
        vi.advanceTimersByTime(30);
        spend(29);
      });
    }
    expect(knownSyscallsFor(folder)).toBe(inlineCalls);
  });
});
