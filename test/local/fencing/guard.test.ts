import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { localVfs, type CommitLock } from '../../../src/index.js';
import { publicNames } from '../../support/names.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-commit-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function* stream(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from(text));
}

test.each([
  ['bytes', () => Buffer.from('late')],
  ['a stream', () => stream('late')],
])('whoever takes the lock over between the check and the move of a commit wins: %s stay out', async (_name, data) => {
  const vfs = localVfs({ root: folder });
  writeFileSync(join(folder, 'data.csv'), 'old');
  const ours = await vfs.create('data.csv.lock', Buffer.from('ours'));
  let checks = 0;
  // The check runs inside the guard. A rival that finds the guard taken waits a little, and evicts.
  const isOurs: CommitLock['isOurs'] = (content) => {
    checks += 1;
    if (checks === 1) expect(vfs.sync.replace('data.csv.lock', ours!.version, Buffer.from('theirs'))).toBeDefined();
    return Buffer.from(content).toString() === 'ours';
  };
  expect(await vfs.commit('data.csv', data(), { path: 'data.csv.lock', maxBytes: 100, isOurs, token: 1n })).toEqual({
    isCommitted: false,
  });
  expect(checks).toBe(2);
  expect(readFileSync(join(folder, 'data.csv'), 'utf8')).toBe('old');
  expect(publicNames(folder)).toEqual(['data.csv', 'data.csv.lock']);
});
