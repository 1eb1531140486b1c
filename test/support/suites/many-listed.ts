import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { encodeRecord } from '../../../src/lock/model/record.js';
import { CLI, eventually, start, useFolder, type Running } from '../cli/harness.js';
import { foreign } from '../operate/locks.js';

/** The command line on a folder of very many locks, within a heap of bounded size. */
export function manyListedSuite(locks: number): void {
  useFolder();
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-many-'));
    const record = encodeRecord(foreign({ ttlMs: Infinity, leaseMs: Infinity }));
    for (let n = 0; n < locks; n += 1) writeFileSync(join(folder, `file ${n}.lock`), record);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const within = (heapMb: number, ...args: readonly string[]): Running =>
    start(process.execPath, [`--max-old-space-size=${heapMb}`, CLI, ...args]);
  const linesOf = (stdout: string): number => stdout.split('\n').length - 1;
  const count = locks.toLocaleString('en');

  it(`${count} locks are counted, printed as they are found, and looked through for stale ones, in a small heap`, async () => {
    const json = await within(40, 'ls', folder, '--json').outcome;
    expect({ code: json.code, stderr: json.stderr, lines: linesOf(json.stdout) }).toEqual({
      code: 0,
      stderr: '',
      lines: locks,
    });
    const metrics = await within(40, 'ls', folder, '--format', 'prometheus').outcome;
    expect(metrics.stdout).toContain(`state="held"} ${locks}\n`);
    const swept = await within(40, 'sweep', folder, '--dry-run').outcome;
    expect(swept).toMatchObject({
      code: 0,
      stderr: '',
      stdout: `would remove 0, left ${locks}; in all ${locks} held\n`,
    });
  });

  it(`${count} locks are sorted in memory, of which each takes less than 2 kB`, async () => {
    const heapMb = 40 + Math.ceil((locks * 2000) / 1e6);
    for (const sort of ['file', 'age']) {
      const listed = await within(heapMb, 'ls', folder, '--no-headers', '--sort', sort).outcome;
      expect({ code: listed.code, lines: linesOf(listed.stdout) }).toEqual({ code: 0, lines: locks });
    }
  });

  it(`${count} locks are watched, and a signal ends it`, async () => {
    const heapMb = 40 + Math.ceil((locks * 4000) / 1e6);
    const watching = within(heapMb, 'ls', folder, '--watch', '--no-headers', '--every', '100ms');
    await eventually(() => expect(linesOf(watching.stdout())).toBe(locks));
    writeFileSync(join(folder, 'one more.lock'), '');
    await eventually(() => expect(watching.stdout()).toMatch(/\nunreadable\tone more\t[^\n]*\n$/));
    rmSync(join(folder, 'one more.lock'));
    watching.child.kill('SIGINT');
    expect(await watching.outcome).toMatchObject({ code: 130, stderr: '' });
  });
}
