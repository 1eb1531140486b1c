import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import {
  localVfs,
  Lockfile,
  VfsFile,
  type ReadOptions,
  type Snapshot,
  type Version,
  type Vfs,
  type Written,
} from '../../../src/index.js';
import { LocalLine } from '../../../src/backends/local/line.js';
import { removeKept } from '../../../src/backends/local/tickets.js';
import type { WaitingLine } from '../../../src/vfs/line.js';
import { WrappedVfs } from '../../support/stores/wrapped-vfs.js';

let root: string;
let lock: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'vfs-lockfile-line-'));
  lock = join(root, 'data.csv.lock');
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

describe.runIf(process.platform === 'linux')('F2: the line of those who wait for a local lock', () => {
  const lineOf = (count: number): LocalLine[] => {
    const line = Array.from({ length: count }, () => new LocalLine(lock));
    line.forEach((caller, place) => expect(caller.join()).toBe(place));
    return line;
  };

  it('notifies the next one alone when somebody leaves it, and its folder goes with the last', async () => {
    const [first, second, third] = lineOf(3);
    let woken = 0;
    third?.watch(() => (woken += 1));
    const heard = new Promise<void>((resolve) => second?.watch(resolve));
    first?.leave();
    await heard;
    expect(woken).toBe(0);
    expect([second?.join(), third?.join()]).toEqual([0, 1]);
    expect(second?.isOccupied).toBe(true);
    second?.leave();
    await vi.waitUntil(() => woken === 1);
    third?.leave();
    expect(readdirSync(root)).toEqual([]);
    expect(third?.isOccupied).toBe(false);
  });

  it('keeps the ticket of a process that waits again and again, behind all who wait', async () => {
    const visit = (): void => {
      const [caller] = lineOf(1);
      caller?.leave();
      expect(caller?.isOccupied).toBe(false);
    };
    const inodeOf = (path = ''): number => statSync(path).ino;
    visit();
    expect(readdirSync(root)).toEqual([]);
    visit();
    const [folder = ''] = readdirSync(root);
    const [kept = ''] = readdirSync(join(root, folder));
    const inode = inodeOf(join(root, folder, kept));
    const [first] = lineOf(1);
    const [ticket = ''] = readdirSync(join(root, folder));
    expect(inodeOf(join(root, folder, ticket))).toBe(inode);
    expect(ticket < kept).toBe(true);
    const second = new LocalLine(lock);
    expect(second.join()).toBe(1);
    const heard = new Promise<void>((resolve) => second.watch(resolve));
    first?.leave();
    await heard;
    expect([second.join(), second.isOccupied]).toEqual([0, true]);
    removeKept(true);
    second.leave();
    expect(readdirSync(root)).toEqual([]);
  });

  it('does not keep its folder for the ticket that a killed process kept', () => {
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    const [caller] = lineOf(1);
    const [folder = ''] = readdirSync(root);
    const id = `${'f'.repeat(12)}${pid.toString(16).padStart(8, '0')}${'0'.repeat(12)}`;
    writeFileSync(join(root, folder, `vfs-lockfile-${id}.1.new`), '');
    expect(caller?.join()).toBe(0);
    caller?.leave();
    expect(readdirSync(root)).toEqual([]);
  });

  it('lets those who were sent away come back to their places', () => {
    const [first, second, third] = lineOf(3);
    third?.overtake();
    expect(third?.join()).toBe(0);
    expect([first?.join(), second?.join(), third?.join()]).toEqual([0, 1, 2]);
  });

  it('goes on where somebody in it was killed', () => {
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    const [caller] = lineOf(1);
    const [folder = ''] = readdirSync(root);
    const [own = ''] = readdirSync(join(root, folder));
    const dead = own.replace(/^(vfs-lockfile-).{20}/, `$1${'0'.repeat(12)}${pid.toString(16).padStart(8, '0')}`);
    writeFileSync(join(root, folder, dead), '');
    expect(caller?.join()).toBe(1);
    expect(caller?.watch(() => undefined)).toBeUndefined();
    expect(readdirSync(join(root, folder))).toEqual([own]);
    expect(caller?.join()).toBe(0);
  });

  it('goes on where the system reported no event', async () => {
    const [, second] = lineOf(2);
    const heard = new Promise<void>((resolve) => second?.watch(resolve));
    const [folder = ''] = readdirSync(root);
    // The tickets themselves neither change nor move.
    renameSync(join(root, folder), join(root, 'elsewhere'));
    await heard;
    expect(second?.join()).toBe(0);
  });

  it('ends where the ticket of a process that was killed cannot be removed', () => {
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    const [caller] = lineOf(1);
    const [folder = ''] = readdirSync(root);
    const id = `${'0'.repeat(12)}${pid.toString(16).padStart(8, '0')}${'0'.repeat(12)}`;
    mkdirSync(join(root, folder, `vfs-lockfile-${id}.1.new`));
    expect([caller?.join(), caller?.watch(() => undefined)]).toEqual([1, undefined]);
  });

  it('leaves nothing that a sweep does not clear, and who stood in it comes back to it', async () => {
    const [first, second] = lineOf(2);
    const vfs = localVfs({ root });
    const left = [];
    for await (const each of vfs.leftovers.list('')) left.push(each);
    expect(left).toHaveLength(1);
    for (const each of left) expect(await vfs.leftovers.clear(each)).toBe(true);
    expect(readdirSync(root)).toEqual([]);
    expect([second?.join(), first?.join()]).toEqual([0, 0]);
    const [folder = ''] = readdirSync(root);
    expect(readdirSync(join(root, folder))).toHaveLength(2);
  });

  it('has no place for a caller where it cannot be made', () => {
    writeFileSync(join(root, 'file'), '');
    const line = new LocalLine(join(root, 'file', 'data.csv.lock'));
    expect([line.join(), line.watch(() => undefined)]).toEqual([0, undefined]);
    line.leave();
  });

  it('is only where nobody else may put files', async () => {
    const vfs = localVfs({ root });
    for (const [name, mode] of [
      ['own', 0o755],
      ['shared', 0o777],
    ] as const) {
      mkdirSync(join(root, name));
      chmodSync(join(root, name), mode);
      await vfs.read(`${name}/data.csv.lock`);
    }
    expect(vfs.line('own/data.csv.lock')).toBeInstanceOf(LocalLine);
    expect(vfs.line('shared/data.csv.lock')).toBeUndefined();
  });
});

describe.runIf(process.platform === 'linux')('F2: a local lock that many wait for', () => {
  it.each([2, 20])('goes among %d processes to the one that waited longest, at the cost of one look', async (count) => {
    const disk = localVfs({ root });
    const clients = Array.from({ length: count }, (_, number) => new Client(disk, String(number)));
    const locks = clients.map((client) => new Lockfile(new VfsFile(client, 'data.csv')));
    const taken: number[] = [];
    const take = async (number: number): Promise<void> => {
      await locks[number]?.acquire({ wait: '5m', poll: '5m' });
      taken.push(number);
    };
    await take(0);
    const waits = [];
    for (let number = 1; number < count; number += 1) {
      waits.push(take(number));
      await vi.waitUntil(() => clients[number]?.isWaiting, { timeout: 30_000, interval: 1 });
    }
    for (let next = 1; next < count; next += 1) {
      for (const client of clients) client.looks = 0;
      await locks[taken.at(-1) ?? 0]?.release();
      await vi.waitUntil(() => taken.length > next, { timeout: 30_000, interval: 1 });
      expect(clients.reduce((sum, client) => sum + client.looks, 0)).toBe(1);
    }
    await Promise.all(waits);
    expect(taken).toEqual(Array.from({ length: count }, (_, number) => number));
    await locks[count - 1]?.release();
  });
});

/** The disk as one process sees it. */
class Client extends WrappedVfs {
  override readonly storeId: string;
  readonly holderFolder: NonNullable<Vfs['holderFolder']>;
  readonly line: (path: string) => WaitingLine | undefined;
  looks = 0;
  isWaiting = false;

  constructor(disk: ReturnType<typeof localVfs>, storeId: string) {
    super(disk);
    this.storeId = storeId;
    this.holderFolder = disk.holderFolder.bind(disk);
    this.line = (path) => {
      const line = disk.line(path);
      const watch = line?.watch.bind(line);
      if (line && watch) {
        line.watch = (onChange) => {
          const stop = watch(onChange);
          this.isWaiting ||= stop !== undefined;
          return stop;
        };
      }
      return line;
    };
    const watchLock = disk.watch.bind(disk);
    Object.assign(this, {
      watch: (path: string, onChange: () => void) => {
        const stop = watchLock(path, onChange);
        this.isWaiting ||= stop !== undefined;
        return stop;
      },
    });
  }

  override create(path: string, data: Uint8Array, options?: object): Promise<Written | undefined> {
    this.looks += 1;
    return super.create(path, data, options);
  }
  override read(path: string, options?: ReadOptions): Promise<Snapshot | undefined> {
    this.looks += 1;
    return super.read(path, options);
  }
  override replace(path: string, version: Version, data: Uint8Array, options?: object): Promise<Written | undefined> {
    this.looks += 1;
    return super.replace(path, version, data, options);
  }
}
