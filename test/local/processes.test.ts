import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { LockHeldError, Lockfile, lockSync, LockTimeoutError } from '../../src/index.js';
import { Child, endAll } from '../support/processes/child.js';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-processes-'));
  file = join(folder, 'data.csv');
  writeFileSync(file, '');
});
afterEach(async () => {
  await endAll();
  rmSync(folder, { recursive: true });
});

async function holder(ttl: string, pid?: number): Promise<Child> {
  const child = new Child('hold', file, ttl, ...(pid === undefined ? [] : [pid]));
  expect(await child.line()).toBe(String(child.pid));
  return child;
}

describe('a holder that was killed', () => {
  it.each(['1h', 'Infinity'])('is replaced at once, whatever is left of its lease of %s', async (ttl) => {
    const child = await holder(ttl);
    const lock = await Lockfile.open(file);
    expect([await lock.isStale(), await lock.tryAcquire()]).toEqual([false, false]);
    child.kill('SIGKILL');
    await child.end();
    expect(await lock.isStale()).toBe(true);
    expect(await lock.tryAcquire()).toBe(true);
    expect(lock.reclaimedFrom).toMatchObject({ reason: 'dead-process', pid: child.pid, ownerId: 'child' });
    expect(await lock.release()).toBe(true);
  });

  it('is replaced by somebody who waited for it while it lived', async () => {
    const child = await holder('1h');
    const lock = await Lockfile.open(file);
    const waiting = lock.acquire();
    child.kill('SIGKILL');
    await waiting;
    expect(lock.reclaimedFrom).toMatchObject({ reason: 'dead-process', pid: child.pid });
    await lock.release();
  });

  it('is replaced by a synchronous caller too', async () => {
    const child = await holder('1h');
    expect(() => lockSync(file, { wait: 0 })).toThrow(LockHeldError);
    expect(() => lockSync(file, { wait: 100 })).toThrow(LockTimeoutError);
    child.kill('SIGKILL');
    await child.end();
    const lock = lockSync(file, { wait: 0 });
    expect(lock.reclaimedFrom).toMatchObject({ reason: 'dead-process', pid: child.pid });
    expect(lock.release()).toBe(true);
  });

  it('is not replaced where onStale says no', async () => {
    const child = await holder('1h');
    child.kill('SIGKILL');
    await child.end();
    const reasons: string[] = [];
    const onStale = (_record: unknown, reason: string): boolean => reasons.push(reason) === 0;
    const lock = await Lockfile.open(file, { onStale });
    expect(await lock.tryAcquire()).toBe(false);
    expect(reasons).toEqual(['dead-process']);
  });

  it('is replaced for the death of the process that it named as its own', async () => {
    const named = new Child('hold', join(folder, 'other'), '1h');
    await named.line();
    const child = await holder('1h', named.pid);
    const lock = await Lockfile.open(file);
    expect(await lock.tryAcquire()).toBe(false);
    named.kill('SIGKILL');
    await named.end();
    expect(await lock.tryAcquire()).toBe(true);
    expect(lock.reclaimedFrom).toMatchObject({ reason: 'dead-process', pid: named.pid });
    expect(child.process.exitCode).toBeNull();
    await lock.release();
  });
});

it('a holder that merely stands still keeps its lock as long as its lease lasts', async () => {
  const child = await holder('1h');
  child.kill('SIGSTOP');
  const lock = await Lockfile.open(file);
  await expect(lock.acquire({ wait: 300 })).rejects.toThrow(LockTimeoutError);
  expect(await lock.isStale()).toBe(false);
});

describe('a process', () => {
  it('is not kept alive by a lock that it holds, and leaves it behind for the next one', async () => {
    const child = new Child('leave', file);
    expect(await child.line()).toBe('held');
    expect(await child.end()).toBe(0);
    expect(await child.line()).toBeUndefined();
    expect(existsSync(`${file}.lock`)).toBe(true);
    const lock = await Lockfile.open(file);
    expect(await lock.tryAcquire()).toBe(true);
    await lock.release();
  });

  it('is kept alive while it waits for a lock, and no longer', async () => {
    const lock = await Lockfile.open(file);
    await lock.acquire();
    const child = new Child('await', file);
    expect(await child.line()).toBe('waiting');
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(child.process.exitCode).toBeNull();
    await lock.release();
    expect([await child.line(), await child.line()]).toEqual(['held', 'released']);
    expect(await child.end()).toBe(0);
    expect(child.errors).toBe('');
  });

  it('W9: is kept alive while it waits without end for another caller in this process', async () => {
    const child = new Child('queue', file);
    expect(await child.line()).toBe('held');
    expect(await child.end()).toBe(0);
    expect(child.errors).toBe('');
  });

  it('is as it was after importing and using the package: no listener, no handler, no timer, no global', async () => {
    const child = new Child('manners', file);
    const states = JSON.parse((await child.line()) ?? '') as Record<
      'before' | 'imported' | 'used',
      { readonly events: readonly string[] }
    >;
    expect(states.imported).toEqual(states.before);
    // One listener stays, not for a signal: at its exit a process removes its private folders.
    const withExit = { ...states.before, events: [...new Set([...states.before.events, 'exit'])] };
    expect({ ...states.used, events: [...new Set([...states.used.events, 'exit'])] }).toEqual(withExit);
    expect(await child.end()).toBe(0);
    expect(child.errors).toBe('');
  });
});
