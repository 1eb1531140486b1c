import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { HistoryCounter, readHistoryFile } from '../../../src/journal/index.js';
import { LINE_START } from '../../../src/journal/line.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-journal-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

it('reads 100,000 lines in bounded memory', async () => {
  const file = join(folder, 'locks.jsonl');
  const fd = openSync(file, 'w');
  const line = (at: number): string =>
    `${LINE_START}${new Date(1.7e12 + at).toISOString()}","event":"acquire","lock":"/jobs/${at % 100}.lock","lockId":"${at}",` +
    `"ownerId":"worker","hostname":"host","pid":1,"user":"me","durationMs":${at % 1000},"attempt":1,"reason":"free"}\n`;
  for (let at = 0; at < 100_000; at += 1000) {
    writeSync(fd, Array.from({ length: 1000 }, (_, index) => line(at + index)).join(''));
  }
  closeSync(fd);
  const counter = new HistoryCounter();
  for await (const entry of readHistoryFile(file)) counter.add(entry);
  const { events, wait } = counter.statistics;
  expect(events).toEqual({ acquire: 100_000 });
  expect(wait.max).toBe(999);
  expect(Math.abs(wait.p50 - 500)).toBeLessThan(10);
  expect(Math.abs(wait.p90 - 900)).toBeLessThan(18);
  // The lines take 20 MB; a heap of 24 MB does not hold them, let alone their objects.
  const code = `import { readHistoryFile } from 'vfs-lockfile/journal'; let n = 0;
    for await (const entry of readHistoryFile(${JSON.stringify(file)})) n += 1; console.log(n);`;
  const args = ['--max-old-space-size=24', '--input-type=module', '-e', code];
  expect(execFileSync(process.execPath, args, { encoding: 'utf8' })).toBe('100000\n');
});
