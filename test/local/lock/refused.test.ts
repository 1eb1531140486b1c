import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { blockingCalls } from '../../../src/backends/local/syscalls.js';
import { lockSync } from '../../../src/index.js';

let folder: string;
const path = (name: string): string => join(folder, name);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-refused-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

/** Names of files in the folder, in private folders too. */
function files(): readonly string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.flatMap((entry) => (entry.isDirectory() ? [] : [entry.name]));
}

it.each(['EACCES', 'ENOSPC', 'EROFS'])('what is refused with %s leaves no file behind', (code) => {
  const refuse = (): never => {
    throw Object.assign(new Error(`${code}: refused`), { code });
  };
  const held = lockSync(path('a'));
  vi.spyOn(blockingCalls, 'rename').mockImplementation(refuse);
  vi.spyOn(blockingCalls, 'link').mockImplementation(refuse);
  for (let times = 0; times < 3; times += 1) expect(() => held.renew()).toThrow(code);
  expect(() => lockSync(path('b'))).toThrow(code);
  expect(files()).toEqual(['a.lock']);
  expect(() => held.release()).toThrow(code);
  vi.restoreAllMocks();
  expect(files()).toEqual(['a.lock']);
});
