import { describe, expect, it } from 'vitest';

import { hasOneClock } from '../../../../src/backends/local/disk.js';

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
