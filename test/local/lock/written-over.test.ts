import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  closeSync,
  fstatSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  unlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { allowsHolderFolder } from '../../../src/backends/local/disk.js';
import { blockingCalls } from '../../../src/backends/local/syscalls.js';
import { LocalVfs, Lockfile, lockSync } from '../../../src/index.js';
import { contentOf } from '../../../src/lock/model/foreign.js';
import { decodeRecord } from '../../../src/lock/model/record.js';

const DIST = pathToFileURL(join(import.meta.dirname, '../../../dist/index.js')).href;

let folder: string;
const path = (name: string): string => join(folder, name);
const lockText = (name: string): string => readFileSync(path(`${name}.lock`), 'utf8');
const inode = (name: string): number => statSync(path(`${name}.lock`)).ino;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-over-'));
  chmodSync(folder, 0o755);
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

/** All files below the folder, in private folders too. */
function filesBelow(): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => !entry.isDirectory()).map(({ parentPath, name }) => join(parentPath, name));
}

/** Takes and releases `a` twice, so that a file is kept for the next record. Returns its inode. */
function leaveSpare(): number {
  lockSync(path('a')).release();
  const held = lockSync(path('a'));
  const ino = inode('a');
  held.release();
  expect(filesBelow()).toHaveLength(1);
  return ino;
}

describe.skipIf(!allowsHolderFolder(tmpdir()))('a record is written over the file of an earlier one', () => {
  it('that is back in the private folder, and each record is whole', () => {
    const ino = leaveSpare();
    const longer = lockSync(path('a'), { note: { why: 'a longer record' } });
    expect(inode('a')).toBe(ino);
    longer.release();
    const shorter = lockSync(path('b'), { ownerId: 'b' });
    expect(inode('b')).toBe(ino);
    expect(JSON.parse(lockText('b'))).toMatchObject({ ownerId: 'b' });
    shorter.release();
  });

  it('by a renewal too, which keeps the file that it replaces', () => {
    const spare = leaveSpare();
    const held = lockSync(path('a'), { ownerId: 'a' });
    const first = inode('a');
    held.renew();
    const second = inode('a');
    held.renew();
    expect([first, inode('a')]).toEqual([spare, spare]);
    expect(second).not.toBe(spare);
    expect(JSON.parse(lockText('a'))).toMatchObject({ renewals: 2, ownerId: 'a' });
    held.release();
  });

  it('but not where that has another name as well, as backups by hard links give it', () => {
    leaveSpare();
    const held = lockSync(path('a'));
    linkSync(path('a.lock'), path('backup'));
    const before = readFileSync(path('backup'), 'utf8');
    held.release();
    const next = lockSync(path('a'));
    expect(inode('a')).not.toBe(statSync(path('backup')).ino);
    next.release();
    expect(readFileSync(path('backup'), 'utf8')).toBe(before);
  });

  it('but not where it was changed or removed meanwhile', () => {
    leaveSpare();
    const [spare = ''] = filesBelow();
    chmodSync(spare, 0o600);
    const held = lockSync(path('a'));
    expect(statSync(path('a.lock')).mode & 0o777).toBe(0o644);
    held.release();
    for (const file of filesBelow()) unlinkSync(file);
    expect(lockSync(path('a')).release()).toBe(true);
  });

  it('but not over one without end, as a power failure would bring it back under the name of another lock', () => {
    for (let times = 0; times < 2; times += 1) {
      const held = lockSync(path('a'), { ttl: Infinity });
      held.renew();
      held.release();
      expect(filesBelow()).toEqual([]);
    }
    leaveSpare();
  });

  it('but not where either takes more than a block of the disk, as a power failure would bring the earlier one back', () => {
    const spare = leaveSpare();
    // No other file has the number of one that is open.
    const open = filesBelow().map((file) => openSync(file, 'r'));
    const long = lockSync(path('a'), { note: { why: 'x'.repeat(fstatSync(open[0] ?? -1).blksize) } });
    open.push(openSync(path('a.lock'), 'r'));
    const ino = inode('a');
    expect(ino).not.toBe(spare);
    long.release();
    const short = lockSync(path('a'));
    expect(inode('a')).not.toBe(ino);
    short.release();
    open.forEach(closeSync);
  });

  it('but no file is kept where others may write to the folder, or for a record with a fencing token', async () => {
    const spare = leaveSpare();
    const fenced = await Lockfile.open(path('b'), { fencing: true });
    await fenced.acquire();
    expect(inode('b')).not.toBe(spare);
    const kept = filesBelow();
    await fenced.renew();
    expect(filesBelow()).toEqual(kept);
    await fenced.release();
    mkdirSync(path('shared'));
    chmodSync(path('shared'), 0o777);
    for (let times = 0; times < 2; times += 1) lockSync(path('shared/c')).release();
    expect(filesBelow().filter((name) => name.includes(path('shared')))).toEqual([]);
  });

  it('and who reads meanwhile reads a record that stood there', () => {
    leaveSpare();
    const [a, b] = [lockSync(path('a'), { ownerId: 'a' }), lockSync(path('b'), { ownerId: 'b' })];
    const read = vi.spyOn(blockingCalls, 'read').mockImplementationOnce((fd, buffer) => {
      // The file that was opened as that of `a` becomes that of `b`.
      a.renew();
      b.renew();
      expect(inode('b')).toBe(statSync(`/proc/self/fd/${String(fd)}`).ino);
      return blockingCalls.read(fd, buffer);
    });
    const found = new LocalVfs({ root: folder }).sync.read('a.lock');
    expect(read.mock.calls.length).toBeGreaterThan(1);
    expect(decodeRecord(found?.data ?? new Uint8Array())).toMatchObject({ ownerId: 'a', renewals: 1 });
    for (const held of [a, b]) held.release();
  });

  it('and a file longer than any record is read once, even if it changes meanwhile', () => {
    appendFileSync(path('log'), Buffer.alloc(70_000));
    const read = vi.spyOn(blockingCalls, 'open');
    vi.spyOn(blockingCalls, 'close').mockImplementation((fd) => {
      appendFileSync(path('log'), 'x');
      closeSync(fd);
    });
    expect(new LocalVfs({ root: folder }).sync.read('log')?.data).toHaveLength(70_000);
    expect(read).toHaveBeenCalledOnce();
  });

  it('and the lock file is renewed where no link to it can be made, as where it has got another owner', () => {
    leaveSpare();
    const held = lockSync(path('a'));
    vi.spyOn(blockingCalls, 'link').mockImplementation(() => {
      throw Object.assign(new Error('EPERM: operation not permitted'), { code: 'EPERM' });
    });
    held.renew();
    held.renew();
    vi.restoreAllMocks();
    expect(JSON.parse(lockText('a'))).toMatchObject({ renewals: 2 });
    expect(held.release()).toBe(true);
    expect(filesBelow()).toHaveLength(1);
  });

  it('and a renewal that is refused leaves nothing', () => {
    leaveSpare();
    const held = lockSync(path('a'));
    vi.spyOn(blockingCalls, 'rename').mockImplementation(() => {
      throw Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
    });
    for (let times = 0; times < 3; times += 1) expect(() => held.renew()).toThrow('EACCES');
    vi.restoreAllMocks();
    expect(filesBelow()).toEqual([path('a.lock')]);
    expect(held.release()).toBe(true);
  });

  it('and a lock is released even where it cannot be known whether its file may be kept', async () => {
    leaveSpare();
    const held = lockSync(path('a'));
    // The process relies for a second on what it knows of the folder.
    await sleep(1100);
    vi.spyOn(blockingCalls, 'stat').mockImplementation(() => {
      throw Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
    });
    expect(held.release()).toBe(true);
    vi.restoreAllMocks();
    expect(filesBelow()).toEqual([]);
  });

  it('and who has that open meanwhile, and does not look again, never finds one record with the end of another behind it', () => {
    lockSync(path('a'), { ownerId: 'a longer name' }).release();
    const longer = lockSync(path('a'), { ownerId: 'a longer name' });
    const fd = openSync(path('a.lock'), 'r');
    longer.release();
    const found: unknown[] = [];
    const look = (): void => {
      const buffer = Buffer.alloc(4096);
      found.push(contentOf(buffer.subarray(0, readSync(fd, buffer, 0, buffer.length, 0))).foreign);
    };
    const real = { ...blockingCalls };
    vi.spyOn(blockingCalls, 'write').mockImplementation((...call) => {
      const written = real.write(...call);
      look();
      return written;
    });
    vi.spyOn(blockingCalls, 'ftruncate').mockImplementation((...call) => {
      look();
      real.ftruncate(...call);
      look();
    });
    const shorter = lockSync(path('a'), { ownerId: 'a' });
    expect(fstatSync(fd).ino).toBe(inode('a'));
    expect(found).toEqual([undefined, undefined, undefined]);
    shorter.release();
    closeSync(fd);
  });

  it('and nothing is left where somebody has removed it, or the folder was open to others before', async () => {
    leaveSpare();
    for (const file of filesBelow()) unlinkSync(file);
    mkdirSync(path('shared'));
    chmodSync(path('shared'), 0o777);
    const held = lockSync(path('shared/b'));
    for (let times = 0; times < 2; times += 1) lockSync(path('shared/c')).release();
    chmodSync(path('shared'), 0o755);
    await sleep(1100);
    for (let times = 0; times < 2; times += 1) lockSync(path('shared/c')).release();
    expect(filesBelow()).toHaveLength(2);
    held.release();
    await vi.waitFor(() => expect(readdirSync(folder, { recursive: true })).toEqual(['shared']), { timeout: 60_000 });
  });

  it('and nothing is left a second after the last lock, or at the end of the process', async () => {
    leaveSpare();
    await vi.waitFor(() => expect(readdirSync(folder)).toEqual([]), { timeout: 60_000 });
    const script = `import { lockSync } from '${DIST}'; for (let i = 0; i < 3; i += 1) lockSync('a').release();
      const { readdirSync } = await import('node:fs'); console.log(readdirSync('.', { recursive: true }).length);`;
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], { cwd: folder, encoding: 'utf8' });
    expect([child.stdout, child.stderr, child.status]).toEqual(['2\n', '', 0]);
    expect(readdirSync(folder)).toEqual([]);
  });
});
