import { join } from 'node:path';

import { expect, it } from 'vitest';

import { called, useFolder } from '../../support/cli/harness.js';
import { putLock } from '../../support/cli/locks.js';
import { jsonLines } from '../../support/cli/schema.js';
import { putMark } from '../../support/marks.js';

const folder = useFolder();
const file = (): string => join(folder(), 'data.csv');

it('status shows who waits, a line each, with hostile texts escaped', async () => {
  putLock(folder(), 'data.csv');
  for (let i = 0; i < 5; i += 1) putMark(folder(), { waitedMs: 1_000_000 });
  putMark(folder(), { waitedMs: 2_000_000, ownerId: '\u{1b}[31mred', command: ['a\nb'] });
  const { stdout, code } = await called(['status', file()]);
  const lines = stdout.split('\n').filter((line) => line.startsWith('waiting'));
  expect(code).toBe(1);
  expect(lines).toHaveLength(6);
  expect(lines[0]).toMatch(
    /^waiting \\u\{1b\}\[31mred, anna@elsewhere, process 1234 \(alive\? unknown: on another host\), for 33m \d+s: 'a\\u\{a\}b'$/,
  );
  expect(lines[5]).toBe('waiting and 1 more');
});

it('ls shows how many wait in JSON, with -o wide and as a metric; other columns of programs stay where they are', async () => {
  putLock(folder(), 'data.csv');
  putMark(folder(), { waitedMs: 120_000 });
  putMark(folder(), { waitedMs: 240_000 });
  const [json, wide, plain, metrics] = await Promise.all(
    [['--json'], ['-o', 'wide'], [], ['--format', 'prometheus']].map((args) => called(['ls', folder(), ...args])),
  );
  const [line] = jsonLines(json?.stdout ?? '');
  expect(line?.waiters).toMatchObject([{ ownerId: 'the other', alive: null }, { pid: 1234 }]);
  const [titles = [], row = []] = (wide?.stdout ?? '').split('\n').map((each) => each.split('\t'));
  expect(row[titles.indexOf('WAITERS')]).toMatch(/^2 \(4m \d+s\)$/);
  expect(plain?.stdout).not.toContain('WAITERS');
  expect(metrics?.stdout).toMatch(/^vfs_lockfile_waiters\{location="[^"]*"\} 2$/m);
  expect(metrics?.stdout).toMatch(/^vfs_lockfile_longest_wait_seconds\{location="[^"]*"\} 24\d(\.\d+)?$/m);
});
