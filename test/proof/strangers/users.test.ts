import { chmodSync, chownSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

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
/** Of the folders of all tests. */
let home = '';

beforeAll(() => {
  installed = new Installed();
  home = mkdtempSync(join(tmpdir(), 'vfs-lockfile-shared-'));
  chmodSync(home, 0o755);
});
afterAll(() => {
  installed.remove();
  rmSync(home, { recursive: true, force: true });
});

/** A folder that one test has to itself. */
class Shared {
  readonly path = mkdtempSync(join(home, 'folder-'));

  constructor(mode: number) {
    chownSync(this.path, 0, TEAM);
    chmodSync(this.path, mode);
  }

  get names(): readonly string[] {
    return readdirSync(this.path);
  }

  as(user: User, task: Task, circumstances?: Circumstances): Promise<Answer> {
    return installed.as(user, this.path, task, circumstances);
  }
}

const DENIED = { code: 'ERR_VFS_DENIED', message: expect.stringContaining('permission denied') as string };
const STICKY = { code: 'ERR_VFS_DENIED', message: expect.stringContaining('sticky') as string };
const KILLED = { signal: 'SIGKILL' };

/** The moments of a renewal and of a release: inside the guard before the act, and after it. */
const MOMENTS = [1, 2, 3, 4];

// At the same time: they wait for leases more than anything else.
describe.skipIf(!mayActAsOthers)(
  'locks between users (needs root, to act as two of them)',
  { concurrent: true },
  () => {
    test('who may not write to the folder is told so, and leaves nothing', async () => {
      const folder = new Shared(0o755);
      expect(await folder.as(ANNE, 'cycle')).toMatchObject(DENIED);
      expect(folder.names).toEqual([]);
    });

    test('who may not write to the folder can still see who holds a lock', async () => {
      const folder = new Shared(0o755);
      expect(await folder.as({ uid: 0, gid: 0 }, 'abandon')).toEqual({ done: 'abandoned' });
      expect(await folder.as(ANNE, 'look')).toMatchObject({ done: { leaseMs: 1000 } });
      expect(await folder.as(ANNE, 'cycle')).toMatchObject(DENIED);
      expect(folder.names).toEqual(['data.csv.lock']);
    });

    test('who may not even enter the folder is told so', async () => {
      const folder = new Shared(0o700);
      expect(await folder.as(ANNE, 'cycle')).toMatchObject(DENIED);
      expect(await folder.as(ANNE, 'look')).toMatchObject(DENIED);
    });

    test('a lock that one may not read is refused, and neither waited for nor stolen', async () => {
      const folder = new Shared(0o777);
      const lock = join(folder.path, 'data.csv.lock');
      writeFileSync(lock, '{}', { mode: 0o600 });
      expect(await folder.as(ANNE, 'cycle')).toMatchObject(DENIED);
      expect(folder.names).toEqual(['data.csv.lock']);
      expect(statSync(lock).uid).toBe(0);
    });

    describe.each([
      ['writable by the group alone', 0o770],
      ['writable by the group alone, and setgid', 0o2770],
      ['writable by the group, and readable by all', 0o775],
      ['writable by the group, readable by all, and setgid', 0o2775],
      ['writable by all', 0o777],
    ])('in a folder %s', (_what, mode) => {
      test.each(['022', '077'] as const)('each takes over what the other left stale (umask %s)', async (umask) => {
        const folder = new Shared(mode);
        expect(await folder.as(ANNE, 'abandon', { umask })).toEqual({ done: 'abandoned' });
        expect(await folder.as(BERT, 'look', { umask })).toMatchObject({ done: { leaseMs: 1000 } });
        expect(await folder.as(BERT, 'cycle', { umask })).toMatchObject({ done: { released: true } });
        expect(await folder.as(BERT, 'abandon', { umask })).toEqual({ done: 'abandoned' });
        expect(await folder.as(ANNE, 'cycle', { umask })).toMatchObject({ done: { released: true } });
        expect(folder.names).toEqual([]);
      });

      test('each evicts the other who was killed in the guard', async () => {
        const folder = new Shared(mode);
        for (const killAfter of MOMENTS) {
          expect(await folder.as(ANNE, 'cycle', { umask: '077', killAfter })).toEqual(KILLED);
          expect(folder.names).toContain('data.csv.lock.guard');
          expect(await folder.as(BERT, 'cycle', { umask: '077' })).toMatchObject({ done: { released: true } });
          expect(folder.names, `killed after ${killAfter}`).toEqual([]);
        }
      });
    });

    describe('in a sticky folder', () => {
      test('only the owner takes a stale lock over, and the others are told why', async () => {
        const folder = new Shared(0o1777);
        expect(await folder.as(ANNE, 'abandon')).toEqual({ done: 'abandoned' });
        expect(await folder.as(BERT, 'cycle')).toMatchObject(STICKY);
        expect(folder.names).toEqual(['data.csv.lock']);
        expect(await folder.as(ANNE, 'cycle')).toMatchObject({ done: { released: true } });
        expect(folder.names).toEqual([]);
      });

      test('who is not hindered by a lock of another takes it and gives it back', async () => {
        const folder = new Shared(0o1777);
        expect(await folder.as(ANNE, 'cycle')).toMatchObject({ done: { released: true } });
        expect(await folder.as(BERT, 'cycle')).toMatchObject({ done: { released: true } });
        expect(folder.names).toEqual([]);
      });

      test('who was killed in the guard keeps the others out until coming back, and they are told why', async () => {
        const folder = new Shared(0o1777);
        for (const killAfter of MOMENTS) {
          expect(await folder.as(ANNE, 'cycle', { killAfter })).toEqual(KILLED);
          expect(await folder.as(BERT, 'cycle'), `killed after ${killAfter}`).toMatchObject(STICKY);
          await folder.as(ANNE, 'cycle');
          await folder.as(BERT, 'cycle');
          expect(folder.names, `killed after ${killAfter}`).toEqual([]);
        }
      });
    });
  },
);
