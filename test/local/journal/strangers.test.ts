import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { appendFile, appendFileSync } from '../../../src/backends/local/append.js';
import { pruneHistory } from '../../../src/journal/index.js';

let shared: string;
let journal: string;
let victim: string;

beforeEach(() => {
  shared = mkdtempSync(join(tmpdir(), 'journal-'));
  journal = join(shared, '.vfs-lockfile-journal');
  victim = join(shared, 'victim');
  mkdirSync(victim);
});

afterEach(() => rmSync(shared, { recursive: true }));

const line = Buffer.from('{"a":1}\n');

it('a journal that is a link is not pruned', async () => {
  writeFileSync(join(victim, '2020-01-01.host.user.jsonl'), '{}');
  utimesSync(join(victim, '2020-01-01.host.user.jsonl'), 0, 0);
  symlinkSync(victim, journal);
  for await (const _ of pruneHistory(shared, { olderThan: '1d' })) expect.unreachable();
  expect(readdirSync(victim)).toHaveLength(1);
});

it.each([
  ['at once', (path: string) => Promise.resolve().then(() => appendFileSync(path, line))],
  ['on the thread pool', (path: string) => appendFile(path, line)],
])('S3: a planted link, hard or symbolic, is refused by name: %s', async (_, append) => {
  const path = join(journal, 'today.jsonl');
  symlinkSync(victim, journal);
  await expect(append(path)).rejects.toThrow('it is behind a symbolic link, expected a file');
  rmSync(journal);
  mkdirSync(journal);
  const precious = join(victim, 'precious');
  writeFileSync(precious, 'precious');
  linkSync(precious, path);
  await expect(append(path)).rejects.toThrow('it is a file with several names, expected a file');
  rmSync(path);
  symlinkSync(precious, path);
  await expect(append(path)).rejects.toThrow('it is a symbolic link, expected a file');
  expect(readdirSync(victim)).toEqual(['precious']);
  expect(readFileSync(precious, 'utf8')).toBe('precious');
});
