import { chmodSync, chownSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import {
  ANNE,
  BERT,
  Installed,
  TEAM,
  type Answer,
  type Circumstances,
  type Task,
  type User,
} from '../../support/users/other-users.js';

const mayActAsOthers = process.getuid?.() === 0;
if (!mayActAsOthers && process.env.CI) throw new Error('these tests need root, to act as two users');

let installed: Installed;
let folder = '';

beforeAll(() => {
  installed = new Installed();
});
afterAll(() => installed.remove());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-shared-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const as = (user: User, task: Task, circumstances?: Circumstances): Promise<Answer> =>
  installed.as(user, folder, task, circumstances);

const DENIED = { code: 'ERR_VFS_DENIED', message: expect.stringContaining('permission denied') as string };
const STICKY = { code: 'ERR_VFS_DENIED', message: expect.stringContaining('sticky') as string };
const KILLED = { signal: 'SIGKILL' };

/** The moments of a renewal and of a release: inside the guard before the act, and after it. */
const MOMENTS = [1, 2, 3, 4];

describe.skipIf(!mayActAsOthers)('locks between users (needs root, to act as two of them)', () => {
  test('who may not write to the folder is told so, and leaves nothing', async () => {
    chmodSync(folder, 0o755);
    expect(await as(ANNE, 'cycle')).toMatchObject(DENIED);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('who may not write to the folder can still see who holds a lock', async () => {
    chmodSync(folder, 0o755);
    expect(await as({ uid: 0, gid: 0 }, 'abandon')).toEqual({ done: 'abandoned' });
    expect(await as(ANNE, 'look')).toMatchObject({ done: { leaseMs: 1000 } });
    expect(await as(ANNE, 'cycle')).toMatchObject(DENIED);
    expect(readdirSync(folder)).toEqual(['data.csv.lock']);
  });

  test('who may not even enter the folder is told so', async () => {
    chmodSync(folder, 0o700);
    expect(await as(ANNE, 'cycle')).toMatchObject(DENIED);
    expect(await as(ANNE, 'look')).toMatchObject(DENIED);
  });

  test('a lock that one may not read is refused, and neither waited for nor stolen', async () => {
    chmodSync(folder, 0o777);
    const lock = join(folder, 'data.csv.lock');
    writeFileSync(lock, '{}', { mode: 0o600 });
    expect(await as(ANNE, 'cycle')).toMatchObject(DENIED);
    expect(readdirSync(folder)).toEqual(['data.csv.lock']);
    expect(statSync(lock).uid).toBe(0);
  });

  describe.each([
    ['writable by the group alone', 0o770],
    ['writable by the group alone, and setgid', 0o2770],
    ['writable by the group, and readable by all', 0o775],
    ['writable by the group, readable by all, and setgid', 0o2775],
    ['writable by all', 0o777],
  ])('in a folder %s', (_what, mode) => {
    beforeEach(() => {
      chownSync(folder, 0, TEAM);
      chmodSync(folder, mode);
    });

    test.each(['022', '077'] as const)('each takes over what the other left stale (umask %s)', async (umask) => {
      expect(await as(ANNE, 'abandon', { umask })).toEqual({ done: 'abandoned' });
      expect(await as(BERT, 'look', { umask })).toMatchObject({ done: { leaseMs: 1000 } });
      expect(await as(BERT, 'cycle', { umask })).toMatchObject({ done: { released: true } });
      expect(await as(BERT, 'abandon', { umask })).toEqual({ done: 'abandoned' });
      expect(await as(ANNE, 'cycle', { umask })).toMatchObject({ done: { released: true } });
      expect(readdirSync(folder)).toEqual([]);
    });

    test('each evicts the other who was killed in the guard', async () => {
      for (const killAfter of MOMENTS) {
        expect(await as(ANNE, 'cycle', { umask: '077', killAfter })).toEqual(KILLED);
        expect(readdirSync(folder)).toContain('data.csv.lock.guard');
        expect(await as(BERT, 'cycle', { umask: '077' })).toMatchObject({ done: { released: true } });
        expect(readdirSync(folder), `killed after ${killAfter}`).toEqual([]);
      }
    });
  });

  describe('in a sticky folder', () => {
    beforeEach(() => {
      chmodSync(folder, 0o1777);
    });

    test('only the owner takes a stale lock over, and the others are told why', async () => {
      expect(await as(ANNE, 'abandon')).toEqual({ done: 'abandoned' });
      expect(await as(BERT, 'cycle')).toMatchObject(STICKY);
      expect(readdirSync(folder)).toEqual(['data.csv.lock']);
      expect(await as(ANNE, 'cycle')).toMatchObject({ done: { released: true } });
      expect(readdirSync(folder)).toEqual([]);
    });

    test('who is not hindered by a lock of another takes it and gives it back', async () => {
      expect(await as(ANNE, 'cycle')).toMatchObject({ done: { released: true } });
      expect(await as(BERT, 'cycle')).toMatchObject({ done: { released: true } });
      expect(readdirSync(folder)).toEqual([]);
    });

    test('who was killed in the guard keeps the others out until coming back, and they are told why', async () => {
      for (const killAfter of MOMENTS) {
        expect(await as(ANNE, 'cycle', { killAfter })).toEqual(KILLED);
        expect(await as(BERT, 'cycle'), `killed after ${killAfter}`).toMatchObject(STICKY);
        await as(ANNE, 'cycle');
        await as(BERT, 'cycle');
        expect(readdirSync(folder), `killed after ${killAfter}`).toEqual([]);
      }
    });
  });
});
