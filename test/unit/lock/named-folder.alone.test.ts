import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { named, withLock } from '../../../src/index.js';

const home = vi.hoisted(() => ({ path: '' }));
vi.mock('node:os', async (original) => ({
  ...(await original<object>()),
  userInfo: () => ({ homedir: home.path }),
}));

beforeEach(() => {
  home.path = mkdtempSync(join(tmpdir(), 'vfs-lockfile-home-'));
});
afterEach(() => {
  rmSync(home.path, { recursive: true, force: true });
});

it('U22: without a folder a name is locked in a folder of this user, which others cannot enter', async () => {
  const path = await withLock(named('nightly report'), (file) => String(file));
  expect(path).toBe(join(home.path, '.local/state/vfs-lockfile/s-nightly%20report'));
  expect(statSync(join(path, '..')).mode & 0o777).toBe(0o700);
});

it('U22: a folder that cannot be made is named, with what to do', () => {
  writeFileSync(join(home.path, '.local'), 'a file');
  expect(() => named('nightly report')).toThrow(
    `cannot make the folder ${home.path}/.local/state/vfs-lockfile for the locks of names; give the folder`,
  );
});
