import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Ledger } from '../../../examples/csv-inbox/ledger.js';
import { quickWorkload, wholeWorkload } from '../../../examples/csv-inbox/sample-files.js';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
export const START = [join(ROOT, 'scripts/run-ts.mjs'), join(ROOT, 'examples/csv-inbox/main.ts')] as const;

export interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Gives each test a folder of its own. */
export function useFolder(): () => string {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-test-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });
  return () => folder;
}

/** The temporary folder of the demonstration is a new one in the folder of the test. */
export function environment(folder: string): NodeJS.ProcessEnv {
  const TMPDIR = join(folder, 'tmp');
  mkdirSync(TMPDIR);
  return { ...process.env, TMPDIR };
}

/** Starts the demonstration, or a program that is compiled from it. */
export function start(folder: string, args: readonly string[], program: readonly string[] = START) {
  return spawn(process.execPath, [...program, ...args], { env: environment(folder) });
}

export async function ending(demo: ChildProcessWithoutNullStreams): Promise<Run> {
  const [stdout, stderr] = await Promise.all([text(demo.stdout), text(demo.stderr), once(demo, 'exit')]);
  return { code: demo.exitCode ?? -1, stdout, stderr };
}

/** The files in the table, with how many times each was done and by how many workers. */
function filesIn(stdout: string): readonly (readonly unknown[])[] {
  const lines = stdout.matchAll(/^(\S+\.csv) +(\d+) +(worker-\d+(?:, worker-\d+)*) /gm);
  return [...lines].map(([, file, times, workers = '']) => [file, Number(times), workers.split(', ').length]);
}

/** The demonstration from its beginning to its end; `quick`: of a few small files, once. */
export function demoSuite({ quick }: { readonly quick: boolean }): void {
  const folder = useFolder();
  const { files, largeFile } = quick ? quickWorkload() : wholeWorkload();
  const amount = quick ? ['--quick'] : [];

  describe('npm start', () => {
    it('processes every file once, one of them in place of a worker that was killed, and cleans up', async () => {
      const timeline = join(folder(), 'timeline.svg');
      const { code, stdout, stderr } = await ending(start(folder(), [...amount, '--timeline', timeline]));
      expect([stderr, code]).toEqual(['', 0]);
      const [, killed = '', rows = ''] = /(worker-\d) is killed, ([\d,]+) rows into diamonds/.exec(stdout) ?? [];
      expect(stdout).toMatch(
        new RegExp(`worker-[^${killed.slice(-1)}] takes ${largeFile} over from .*dead-process.* discards ${rows} rows`),
      );
      const [, stopped = ''] = /(worker-\d) is stopped just before it writes the summary/.exec(stdout) ?? [];
      expect(stdout).toMatch(new RegExp(`${stopped} is refused: its token is \\d+, and token \\d+ came later`));
      const names = files.map(({ name }) => name);
      expect(names.length).toBeGreaterThanOrEqual(20);
      expect(filesIn(stdout)).toEqual(names.map((name) => [name, 1, 1]));
      expect(stdout.match(/^worker-\d .*SIGKILL$/gm)).toHaveLength(1);
      expect(stdout.match(/^worker-\d .*exit code 0$/gm)).toHaveLength(3);
      expect(stdout).not.toMatch(/FAILED|(?!\n)\p{Cc}/u);
      expect(readdirSync(join(folder(), 'tmp'))).toEqual([]);
      const picture = readFileSync(timeline, 'utf8');
      expect(picture).toMatch(
        new RegExp(`${largeFile}\n${killed}, .*\n(?:waited .*\n)?held .*, taken-over: dead-process<`),
      );
      expect(picture).toContain('class="arrow"');
    });

    if (quick) return;

    it('works on an inbox elsewhere, with more workers, and keeps what came of it', async () => {
      const inbox = join(folder(), 'in box');
      const args = ['--inbox', pathToFileURL(inbox).href, '--workers', '6', '--keep'];
      const { code, stdout } = await ending(start(folder(), args));
      expect(code).toBe(0);
      expect(stdout.match(/^worker-\d .*exit code 0$/gm)).toHaveLength(5);
      expect(readdirSync(inbox).sort()).toEqual(['archive', 'summary.json']);
      expect(readdirSync(join(inbox, 'archive')).sort()).toEqual(files.map(({ name }) => name).sort());
      for (const file of files) {
        const archived = readFileSync(join(inbox, 'archive', file.name));
        expect(archived.equals(await buffer(file.read()))).toBe(true);
      }
      const [home = ''] = readdirSync(join(folder(), 'tmp'));
      expect(await new Ledger(join(folder(), 'tmp', home), 'test').finished()).toHaveLength(files.length);
    });
  });
}
