import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { inspect, sweep } from '../../../src/admin/index.js';
import { Lockfile, LockTimeoutError } from '../../../src/index.js';
import { putMark } from '../../support/marks.js';

let shared: string;
let victim: string;
let folder: string;
let file: string;

beforeEach(() => {
  shared = mkdtempSync(join(tmpdir(), 'waiters-'));
  victim = join(shared, 'victim');
  folder = join(shared, 'inbox');
  for (const each of [victim, folder]) mkdirSync(each);
  file = join(folder, 'data.csv');
});

afterEach(() => rmSync(shared, { recursive: true }));

/** What a stranger puts in the place of the folder of the marks. */
const plants: readonly (readonly [string, (at: string) => void])[] = [
  ['a link to a folder', (at) => symlinkSync(victim, at)],
  ['a link to nowhere', (at) => symlinkSync(join(victim, 'gone'), at)],
  ['a file', (at) => writeFileSync(at, 'mine')],
];

it.each(plants)('%s in the place of the marks changes no lock, and nothing elsewhere', async (_, plant) => {
  plant(join(folder, '.vfs-lockfile-waiters'));
  // The name of a mark, for a sweep that would follow the link.
  const decoy = putMark(join(shared, 'victim'));
  const before = [readdirSync(victim), statSync(victim).mtimeMs];
  const holder = await Lockfile.open(file);
  await holder.acquire();
  const other = await Lockfile.open(file);
  const failure = await other.acquire({ wait: 300, poll: 20, announce: true }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(LockTimeoutError);
  expect((failure as LockTimeoutError).waiters ?? []).toEqual([]);
  expect((await inspect(file, { waiters: true })).waiters).toEqual([]);
  expect(await sweep(folder, { recursive: true })).toMatchObject({ removed: 0, failed: 0 });
  expect(await holder.release()).toBe(true);
  // Nor was anything there for a moment.
  expect([readdirSync(victim), statSync(victim).mtimeMs]).toEqual(before);
  expect(readdirSync(join(victim, '.vfs-lockfile-waiters'))).toEqual([decoy.split('/').at(-1)]);
});

it('strange things among the marks are left alone, and hide none of them', async () => {
  const holder = await Lockfile.open(file);
  await holder.acquire();
  putMark(folder);
  const marks = join(folder, '.vfs-lockfile-waiters');
  const name = putMark(folder, { lock: 'other.lock' }).split('/').at(-1) ?? '';
  rmSync(join(marks, name));
  mkdirSync(join(marks, name));
  symlinkSync('/etc/passwd', join(marks, name.replace(/.$/, 'g')));
  writeFileSync(join(marks, 'x'.repeat(200)), 'x'.repeat(5000));
  expect((await inspect(file, { waiters: true })).waiters).toHaveLength(1);
  expect(await sweep(folder)).toMatchObject({ removed: 0, failed: 0 });
  expect(readdirSync(marks)).toHaveLength(4);
  await holder.release();
});
