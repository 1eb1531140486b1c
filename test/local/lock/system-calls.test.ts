import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { allowsHolderFolder } from '../../../src/backends/local/disk.js';
import { blockingCalls, inlineCalls, pooledCalls } from '../../../src/backends/local/syscalls.js';
import { Lockfile, lockSync } from '../../../src/index.js';

const ROUNDS = 20;

const CREATE = ['open', 'write', 'fstat', 'close', 'link', 'unlink'];
const REMOVE = ['lstat', 'rename', 'unlink'];
const RENEW = ['lstat', 'open', 'write', 'fstat', 'close', 'rename'];
const READ = ['open', 'fstat', 'read', 'close'];
const CLOCK = ['open', 'fstat', 'close', 'unlink'];

let folder: string;
let file: string;
let made: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-calls-'));
  file = join(folder, 'data.csv');
  made = [];
  // A busy machine may send calls through the thread pool.
  for (const calls of [blockingCalls, inlineCalls, pooledCalls]) count(calls as unknown as Record<string, Call>);
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

type Call = (...args: unknown[]) => unknown;

function count(calls: Record<string, Call>): void {
  for (const [name, call] of Object.entries(calls)) {
    vi.spyOn(calls, name).mockImplementation((...args) => {
      made.push(name);
      return call(...args);
    });
  }
}

/**
 * The system calls of the round that made the fewest: a machine that stands still for a second makes the next round ask for what it
 * knew before.
 */
async function fewestCalls(round: () => unknown): Promise<readonly string[]> {
  const rounds: string[][] = [];
  for (let number = 0; number < ROUNDS; number += 1) {
    made = [];
    await round();
    rounds.push(made);
  }
  return rounds.reduce((fewest, each) => (each.length < fewest.length ? each : fewest));
}

describe.skipIf(!allowsHolderFolder(tmpdir()))('the system calls on a local disk', () => {
  it('of a lock that is taken and released again and again are six and three', async () => {
    expect(await fewestCalls(() => lockSync(file).release())).toEqual([...CREATE, ...REMOVE]);
  });

  it('are the same without blocking', async () => {
    const lock = await Lockfile.open(file);
    const calls = await fewestCalls(async () => {
      await lock.acquire();
      await lock.release();
    });
    expect(calls).toEqual([...CREATE, ...REMOVE]);
  });

  it('of a renewal are six', async () => {
    const lock = await Lockfile.open(file);
    await lock.acquire();
    expect(await fewestCalls(() => lock.renew())).toEqual(RENEW);
    await lock.release();
  });

  it('of a try at a lock that is held change nothing but a scratch file for the time', async () => {
    const record = {
      createdAt: new Date().toISOString(),
      ttl: 3.6e12,
      hostname: 'elsewhere',
      pid: 1,
      lockId: 'theirs',
    };
    writeFileSync(`${file}.lock`, JSON.stringify(record));
    const lock = await Lockfile.open(file);
    const calls = await fewestCalls(async () => {
      expect(await lock.tryAcquire()).toBe(false);
    });
    expect(calls).toEqual(['lstat', 'lstat', ...READ, ...CLOCK]);
  });
});
