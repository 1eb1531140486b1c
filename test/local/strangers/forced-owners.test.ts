import type { Stats } from 'node:fs';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { LocalFiles } from '../../../src/backends/local/files.js';
import { createFile } from '../../../src/backends/local/lock-files.js';
import { inlineCalls, type Syscalls } from '../../../src/backends/local/syscalls.js';
import { removeFile } from '../../../src/backends/shared/plain/lock-files.js';
import { run } from '../../../src/util/steps.js';

const SOMEBODY = 12_345;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-forced-'));
  chmodSync(folder, 0o777);
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** As on a disk that gives every file to one owner: `mount -o uid=12345`. */
const forced: Syscalls = {
  ...inlineCalls,
  fstat: (fd) => Object.assign(Object.create(inlineCalls.fstat(fd) as Stats) as Stats, { uid: SOMEBODY }),
  fchown: () => expect.fail('changed the owner of a folder that may be somebody else’s'),
};

test('where a disk gives every file to one owner, a lock is created and removed as elsewhere', async () => {
  const files = new LocalFiles(forced, folder);
  const path = join(folder, 'data.csv.lock');
  for (const hardLinks of [true, false]) {
    const written = await run(createFile(files, path, Buffer.from('record'), hardLinks));
    expect(written).toBeDefined();
    if (written) expect(await run(removeFile(files, path, written.version))).toBe(true);
  }
  expect(readdirSync(folder)).toEqual([]);
  expect(statSync(folder).mode & 0o777).toBe(0o777);
});
