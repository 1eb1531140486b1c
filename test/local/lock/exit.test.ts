import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { afterEach, beforeEach, expect, it } from 'vitest';

const DIST = pathToFileURL(join(import.meta.dirname, '../../../dist/index.js')).href;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-exit-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Runs code that holds the locks `a` and `b`, and returns its exit code and which locks are left. */
function run(code: string): readonly unknown[] {
  const script = `import { lock, Lockfile, lockSync } from '${DIST}';
    const a = lockSync('a'); const b = await lock('b');
    ${code}`;
  const { status, signal } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { cwd: folder });
  return [status ?? signal, ...['a', 'b'].filter((name) => existsSync(join(folder, `${name}.lock`)))];
}

it.each([
  ['process.exit', 'process.exit(3)', 3],
  ['an error that nobody caught', "setImmediate(() => { throw new Error('oh') })", 1],
  ['a release that is under way', 'void b.release(); process.exit(4)', 4],
  ['the end of the program', '', 0],
])('U12: with releaseOnExit, %s leaves no lock on a local disk', (_what, code, status) => {
  expect(run(`Lockfile.releaseOnExit(); ${code}`)).toEqual([status]);
});

it('U12: without it, and after it was turned off, an exit leaves the locks to those who notice', () => {
  expect(run('Lockfile.releaseOnExit()(); process.exit(3)')).toEqual([3, 'a', 'b']);
});

it('U12: SIGTERM leaves no lock where its listener calls releaseAll', () => {
  const listen =
    "process.once('SIGTERM', () => void Lockfile.releaseAll().then((count) => process.exit(140 + count)));";
  expect(run(`${listen} process.kill(process.pid, 'SIGTERM'); setTimeout(() => {}, 60_000);`)).toEqual([142]);
});
