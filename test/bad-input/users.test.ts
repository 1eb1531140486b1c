import { execFile } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const TEAM = 54_000;
const ANNE = { uid: 54_001, gid: 54_001 };
const BERT = { uid: 54_002, gid: 54_002 };

type User = typeof ANNE;
interface Answer {
  readonly done?: unknown;
  readonly code?: string;
  readonly message?: string;
}

const mayActAsOthers = process.getuid?.() === 0;
if (!mayActAsOthers && process.env.CI) throw new Error('these tests need root, to act as two users');

let installed = '';
let folder = '';

/** A copy of the built package that every user can read, wherever the checkout stands. */
beforeAll(() => {
  installed = mkdtempSync(join(tmpdir(), 'vfs-lockfile-users-'));
  chmodSync(installed, 0o755);
  const home = join(installed, 'node_modules', 'vfs-lockfile');
  mkdirSync(home, { recursive: true });
  for (const part of ['dist', 'package.json']) cpSync(join(ROOT, part), join(home, part), { recursive: true });
  cpSync(join(import.meta.dirname, 'as-user.mjs'), join(installed, 'as-user.mjs'));
});
afterAll(() => {
  rmSync(installed, { recursive: true, force: true });
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-shared-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function as(user: User, task: 'abandon' | 'cycle', umask = '022'): Promise<Answer> {
  // Groups are given by the command because a child process of Node keeps those of its parent.
  const become = [`--reuid=${user.uid}`, `--regid=${user.gid}`, `--groups=${TEAM}`, '--inh-caps=-all'];
  const args = [...become, process.execPath, join(installed, 'as-user.mjs'), folder, task, umask];
  const { stdout } = await promisify(execFile)('setpriv', args);
  return JSON.parse(stdout) as Answer;
}

/** What a process leaves that is killed after it entered the guard: its entry, under its own umask and ownership. */
function leaveInGuard(user: User, mode: number): void {
  const guard = join(folder, 'data.csv.lock.guard');
  mkdirSync(guard);
  writeFileSync(join(guard, 'a-dead-one'), 'next');
  chownSync(join(guard, 'a-dead-one'), user.uid, TEAM);
  chownSync(guard, user.uid, TEAM);
  chmodSync(guard, mode);
}

describe.skipIf(!mayActAsOthers)('locks between users (needs root, to act as two of them)', () => {
  test('who may not write to the folder is told so, and leaves nothing', async () => {
    chmodSync(folder, 0o755);
    expect(await as(ANNE, 'cycle')).toMatchObject({
      code: 'ERR_VFS_DENIED',
      message: expect.stringContaining('permission denied') as string,
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  describe.each([
    ['group-writable', 0o775],
    ['group-writable and setgid', 0o2775],
    ['writable by all', 0o777],
  ])('in a folder that is %s', (_what, mode) => {
    beforeEach(() => {
      chownSync(folder, 0, TEAM);
      chmodSync(folder, mode);
    });

    test.each(['022', '077'])('each takes over what the other left stale (umask %s)', async (umask) => {
      expect(await as(ANNE, 'abandon', umask)).toEqual({ done: 'abandoned' });
      expect(await as(BERT, 'cycle', umask)).toMatchObject({ done: { released: true } });
      expect(await as(BERT, 'abandon', umask)).toEqual({ done: 'abandoned' });
      expect(await as(ANNE, 'cycle', umask)).toMatchObject({ done: { released: true } });
      expect(readdirSync(folder)).toEqual([]);
    });

    test('each evicts what the other left in the guard', async () => {
      leaveInGuard(ANNE, mode & 0o777);
      expect(await as(BERT, 'cycle', '077')).toMatchObject({ done: { released: true } });
      expect(existsSync(join(folder, 'data.csv.lock.guard'))).toBe(false);
    });
  });

  test('in a sticky folder only the owner takes a stale lock over, and the others are told why', async () => {
    chmodSync(folder, 0o1777);
    expect(await as(ANNE, 'abandon')).toEqual({ done: 'abandoned' });
    expect(await as(BERT, 'cycle')).toMatchObject({
      code: 'ERR_VFS_DENIED',
      message: expect.stringContaining('in a sticky directory only the owner') as string,
    });
    expect(readdirSync(folder)).toEqual(['data.csv.lock']);
    expect(await as(ANNE, 'cycle')).toMatchObject({ done: { released: true } });
    expect(readdirSync(folder)).toEqual([]);
  });
});
