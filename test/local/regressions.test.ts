import { mkdtempSync, readdirSync, rmdirSync, rmSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { access, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Lockfile, localVfs, type Version, type Vfs, VfsFile, withLock, type Written } from '../../src/index.js';
import { Child, endAll } from '../support/processes/child.js';
import { FaultyVfs, gated } from '../support/protocol/faulty-vfs.js';
import { FILE, Lab, lockOn, outcome, pass, useFakeTime } from '../support/protocol/lab.js';
import { WrappedVfs } from '../support/stores/wrapped-vfs.js';

/**
 * What locks on files got wrong. Each test shows that we do not; where that is cheap, also that the naive way fails the very
 * same check. (A child process that outlives its lock, as of `consul lock` and `etcdctl lock`, is in the tests of the CLI;
 * proper-lockfile #121 with real processes is in the torture test.)
 */

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-regressions-'));
  file = join(folder, 'data.csv');
  writeFileSync(file, '');
});
afterEach(async () => {
  await endAll();
  rmSync(folder, { recursive: true });
});

/** The same store with a queue of its own, as another process would have. */
class Elsewhere extends WrappedVfs {
  readonly #name: string;

  constructor(inner: Vfs, name: string) {
    super(inner);
    this.#name = name;
  }

  override locate(path: string): string {
    return `${this.#name}:${this.inner.locate(path)}`;
  }
}

describe('c2fo lockfile', () => {
  const ROUNDS = 100;
  const CONTENDERS = 8;

  it('two or more holders in every round: a shared temporary name and a move that overwrites', async () => {
    const naive = async (lock: string): Promise<boolean> => {
      if (
        await access(lock).then(
          () => true,
          () => false,
        )
      )
        return false;
      await writeFile(`${lock}.tmp`, '{}');
      return rename(`${lock}.tmp`, lock).then(
        () => true,
        () => true,
      );
    };
    const holders = { naive: [] as number[], ours: [] as number[] };
    for (let round = 0; round < ROUNDS; round += 1) {
      const lock = join(folder, `naive-${String(round)}.lock`);
      const tries = Array.from({ length: CONTENDERS }, () => naive(lock));
      holders.naive.push((await Promise.all(tries)).filter(Boolean).length);
      const locks = Array.from({ length: CONTENDERS }, (_, contender) => {
        const vfs = new Elsewhere(localVfs({ root: folder }), String(contender));
        return new Lockfile(new VfsFile(vfs, `ours-${String(round)}`));
      });
      const won = await Promise.all(locks.map((each) => each.tryAcquire()));
      holders.ours.push(won.filter(Boolean).length);
      await Promise.all(locks.map((each) => each.release()));
    }
    expect(Math.min(...holders.naive)).toBeGreaterThan(1);
    expect(holders.ours).toEqual(Array.from({ length: ROUNDS }, () => 1));
    expect(readdirSync(folder).filter((name) => name.includes('ours'))).toEqual([]);
  });

  it('an empty lock file wedges for ever', async () => {
    writeFileSync(`${file}.lock`, '');
    const lock = await Lockfile.open(file, { ttl: '1h' });
    expect(await lock.tryAcquire()).toBe(false);
    const then = Date.now() / 1000 - 2 * 3600;
    utimesSync(`${file}.lock`, then, then);
    expect(await lock.tryAcquire()).toBe(true);
    expect(lock.reclaimedFrom).toEqual({ reason: 'unreadable' });
    expect(await lock.release()).toBe(true);
  });
});

describe('c2fo lockfile, continued', () => {
  useFakeTime();

  it('metadata cached from an earlier look steals a live lock', async () => {
    const lab = new Lab();
    const first = lockOn(lab.machine(), { ttl: 1000, ownerId: 'first' });
    await first.acquire();
    const observer = lockOn(lab.machine());
    expect((await observer.metadata())?.ownerId).toBe('first');
    expect(await observer.tryAcquire()).toBe(false);
    await first.release();
    const second = lockOn(lab.machine(), { ttl: '1m', renew: false, ownerId: 'second' });
    await second.acquire();
    await pass(30_000);
    expect((await observer.metadata())?.ownerId).toBe('second');
    expect(await observer.isStale()).toBe(false);
    expect(await observer.tryAcquire()).toBe(false);
    expect(await second.release()).toBe(true);
  });

  it('release without ownership', async () => {
    const lab = new Lab();
    const holder = lockOn(lab.machine(), { ttl: 1000, renew: false });
    await holder.acquire();
    const seen = lab.bytes;
    expect(await lockOn(lab.machine()).release()).toBe(false);
    expect(lab.bytes).toBe(seen);
    await pass(1100);
    const thief = lockOn(lab.machine());
    expect(await thief.tryAcquire()).toBe(true);
    const stolen = lab.bytes;
    expect(await holder.release()).toBe(false);
    expect(lab.bytes).toBe(stolen);
    expect(await thief.release()).toBe(true);
  });
});

describe('proper-lockfile', () => {
  useFakeTime();

  /** Replaces as it does: removes what was found stale, then creates, as if nobody could have done so in between. */
  class RemovesThenCreates extends WrappedVfs {
    override async replace(path: string, _version: Version, data: Uint8Array): Promise<Written | undefined> {
      await this.inner.delete(path);
      return this.inner.create(path, data);
    }
  }

  it.each([
    ['ours', (vfs: Vfs) => vfs, [true, false]],
    ['the naive way', (vfs: Vfs) => new RemovesThenCreates(vfs), [true, true]],
  ])('#121: two reclaim one stale lock, the slower after the faster (%s)', async (_which, make, won) => {
    const lab = new Lab();
    await lockOn(lab.machine(), { ttl: 1000, renew: false }).acquire();
    await pass(1100);
    const slow = new FaultyVfs(make(lab.machine()));
    const gate = gated();
    slow.next('replace', gate.fault);
    const slower = lockOn(slow).tryAcquire();
    await gate.reached;
    const faster = await lockOn(new FaultyVfs(make(lab.machine()))).tryAcquire();
    gate.open();
    expect([faster, await slower]).toEqual(won);
  });
});

describe('proper-lockfile, with real processes', () => {
  it.each([
    ['vfs-lockfile', undefined],
    ['proper-lockfile', 'done'],
  ])('#111: importing breaks Ctrl-C (%s)', async (name, said) => {
    const child = new Child('spin', name, `${file}.end`);
    expect(await child.line()).toBe('ready');
    child.kill('SIGINT');
    await new Promise((resolve) => setTimeout(resolve, 300));
    writeFileSync(`${file}.end`, '');
    expect(await child.line()).toBe(said);
    const ending = await child.end();
    if (said === undefined) expect(ending).toBe('SIGINT');
  });

  it('#71/#81: an event loop that was blocked for longer than the lease kills the process', async () => {
    const child = new Child('block', file, `${file}.end`);
    expect(await child.line()).toBe('ready');
    const thief = await Lockfile.open(file);
    await thief.acquire({ wait: '30s' });
    expect(thief.reclaimedFrom).toMatchObject({ reason: 'expired', pid: child.pid });
    writeFileSync(`${file}.end`, '');
    const verdict = { held: false, reason: 'expired', aborted: true, released: false };
    expect(JSON.parse((await child.line()) ?? '')).toEqual(verdict);
    expect(await child.end()).toBe(0);
    expect(child.errors).toBe('');
    expect(await thief.release()).toBe(true);
  });

  it.each([
    ['vfs-lockfile', unlinkSync, 0],
    ['proper-lockfile', rmdirSync, 1],
  ])('#71/#81: a lock that was taken away kills the process (%s)', async (library, remove, code) => {
    const child = new Child('robbed', library, file);
    expect(await child.line()).toBe('ready');
    remove(`${file}.lock`);
    expect(await child.line()).toBe(code === 0 ? 'alive' : undefined);
    expect(await child.end()).toBe(code);
    expect(child.errors.includes('ECOMPROMISED')).toBe(code === 1);
  });
});

describe('cross-process-lock', () => {
  useFakeTime();

  /** Gives the lock back when the callback has *returned*, which for an asynchronous one is when it has begun. */
  async function naive(file: VfsFile, fn: () => Promise<void>): Promise<void> {
    const lock = new Lockfile(file);
    await lock.acquire();
    try {
      // eslint-disable-next-line @typescript-eslint/return-await
      return fn();
    } finally {
      await lock.release();
    }
  }

  it.each([
    ['ours', (held: VfsFile, fn: () => Promise<void>) => withLock(held, fn), true],
    ['the naive way', naive, false],
  ])('the lock is given back before the callback has ended (%s)', async (_which, lockWhile, exclusive) => {
    const lab = new Lab();
    const rival = lockOn(lab.machine());
    let working = false;
    const work = async (): Promise<void> => {
      working = true;
      await new Promise((resolve) => setTimeout(resolve, 5000));
      working = false;
    };
    const done = outcome(lockWhile(new VfsFile(lab.machine(), FILE), work));
    await pass(1000);
    expect(working).toBe(true);
    expect(await rival.tryAcquire()).toBe(!exclusive);
    await rival.release();
    await pass(4000);
    expect([working, done.open]).toEqual([false, false]);
    expect(await rival.tryAcquire()).toBe(true);
  });
});
