import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { spawn as openTerminal } from '@lydell/node-pty';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Ledger } from '../../../examples/csv-inbox/ledger.js';
import { LARGE_FILE, sampleFiles } from '../../../examples/csv-inbox/sample-files.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const START = [join(ROOT, 'scripts/run-ts.mjs'), join(ROOT, 'examples/csv-inbox/main.ts')] as const;
const RUN_LIMIT_MS = 300_000;
const AT_WORK = / files \| worker-\d/;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-test-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('npm start', () => {
  interface Run {
    readonly code: number;
    readonly stdout: string;
    readonly stderr: string;
  }

  function environment() {
    const TMPDIR = join(folder, 'tmp');
    mkdirSync(TMPDIR);
    return { ...process.env, TMPDIR };
  }

  function start(...args: readonly string[]) {
    return spawn(process.execPath, [...START, ...args], { env: environment() });
  }

  async function ending(demo: ReturnType<typeof start>): Promise<Run> {
    const [stdout, stderr] = await Promise.all([text(demo.stdout), text(demo.stderr), once(demo, 'exit')]);
    return { code: demo.exitCode ?? -1, stdout, stderr };
  }

  /** The files in the table, with how many times each was done and by how many workers. */
  function filesIn(stdout: string): readonly (readonly unknown[])[] {
    const lines = stdout.matchAll(/^(\S+\.csv) +(\d+) +(worker-\d+(?:, worker-\d+)*) /gm);
    return [...lines].map(([, file, times, workers = '']) => [file, Number(times), workers.split(', ').length]);
  }

  it(
    'processes every file once, one of them in place of a worker that was killed, and cleans up',
    async () => {
      const { code, stdout, stderr } = await ending(start());
      expect([stderr, code]).toEqual(['', 0]);
      const [, killed = '', rows = ''] = /(worker-\d) is killed, ([\d,]+) rows into diamonds/.exec(stdout) ?? [];
      expect(stdout).toMatch(
        new RegExp(
          `worker-[^${killed.slice(-1)}] takes ${LARGE_FILE} over from .*dead-process.* discards ${rows} rows`,
        ),
      );
      const names = sampleFiles().map(({ name }) => name);
      expect(names.length).toBeGreaterThanOrEqual(24);
      expect(filesIn(stdout)).toEqual(names.map((name) => [name, 1, 1]));
      expect(stdout.match(/^worker-\d .*SIGKILL$/gm)).toHaveLength(1);
      expect(stdout.match(/^worker-\d .*exit code 0$/gm)).toHaveLength(3);
      expect(stdout).not.toMatch(/FAILED|(?!\n)\p{Cc}/u);
      expect(readdirSync(join(folder, 'tmp'))).toEqual([]);
    },
    RUN_LIMIT_MS,
  );

  it(
    'works on an inbox elsewhere, with more workers, and keeps what came of it',
    async () => {
      const inbox = pathToFileURL(join(folder, 'in box')).href;
      const { code, stdout } = await ending(start('--inbox', inbox, '--workers', '6', '--keep'));
      expect(code).toBe(0);
      expect(stdout.match(/^worker-\d .*exit code 0$/gm)).toHaveLength(5);
      const files = sampleFiles();
      expect(readdirSync(join(folder, 'in box'))).toEqual(['archive']);
      expect(readdirSync(join(folder, 'in box', 'archive')).sort()).toEqual(files.map(({ name }) => name).sort());
      for (const file of files) {
        const archived = readFileSync(join(folder, 'in box', 'archive', file.name));
        expect(archived.equals(await buffer(file.read()))).toBe(true);
      }
      const [home = ''] = readdirSync(join(folder, 'tmp'));
      expect(await new Ledger(join(folder, 'tmp', home), 'test').finished()).toHaveLength(files.length);
    },
    RUN_LIMIT_MS,
  );

  it(
    'shows progress in one line of a terminal, and on ctrl-C ends its workers and cleans up',
    async () => {
      const demo = openTerminal(process.execPath, [...START, '--inbox', join(folder, 'inbox')], {
        cols: 50,
        env: environment(),
      });
      let shown = '';
      demo.onData((data) => {
        const wasAtWork = AT_WORK.test(shown);
        shown += data;
        if (!wasAtWork && AT_WORK.test(shown)) demo.write('\u0003');
      });
      const { exitCode } = await new Promise<{ readonly exitCode: number }>((resolve) => demo.onExit(resolve));
      expect(exitCode).toBe(130);
      const live = shown
        .replace('^C', '')
        .split('\r\u001b[2K')
        .filter((line) => line.includes(' of 35 files'));
      expect(live.length).toBeGreaterThan(0);
      expect(live.filter((line) => line.length > 49 || line.includes('\n'))).toEqual([]);
      expect(readdirSync(join(folder, 'tmp'))).toEqual([]);
      expect(readdirSync(join(folder, 'inbox')).filter((name) => name.endsWith('.csv'))).toEqual([]);
      expect(existsSync(join(ROOT, `dist.${String(demo.pid)}.run`))).toBe(false);
    },
    RUN_LIMIT_MS,
  );

  it('is what the package script does', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      readonly scripts: Readonly<Record<string, string>>;
    };
    expect(scripts.prestart).toBe('npm run build');
    expect(scripts.start).toBe(['node', ...START.map((file) => relative(ROOT, file))].join(' '));
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'ends its workers and cleans up when it alone gets %s',
    async (signal) => {
      const demo = start('--inbox', join(folder, 'inbox'));
      demo.stdout.once('data', () => demo.kill(signal));
      expect((await ending(demo)).code).toBe({ SIGTERM: 143, SIGINT: 130 }[signal]);
      expect(readdirSync(join(folder, 'tmp'))).toEqual([]);
      expect(existsSync(join(ROOT, `dist.${String(demo.pid)}.run`))).toBe(false);
    },
    RUN_LIMIT_MS,
  );

  it.each([
    [['--workers', '1'], '--workers must be a whole number from 2 to 32, not "1"'],
    [['--workers', '4.5'], '--workers must be a whole number from 2 to 32, not "4.5"'],
    [['--speed', '9'], "Unknown option '--speed'"],
    [['inbox'], "Unexpected argument 'inbox'"],
    [['--inbox', ''], '--inbox must name a folder'],
    [['--inbox', 'ftp://host/inbox'], 'unknown scheme ftp'],
    [['--inbox', 'mem:///inbox'], 'would be a different one in each process'],
    [['--inbox', fileURLToPath(import.meta.url)], 'file already exists'],
    [['--inbox', fileURLToPath(new URL('.', import.meta.url))], 'must be empty, but contains "'],
  ])('refuses %j with exit code 64 and says why', async (args, problem) => {
    const { code, stdout, stderr } = await ending(start(...args));
    expect([code, stdout]).toEqual([64, '']);
    expect(stderr).toContain(problem);
    expect(stderr).toContain('Usage: npm start');
    expect(readdirSync(join(folder, 'tmp'))).toEqual([]);
  });

  it('leaves alone what it finds in an inbox that is somebody’s', async () => {
    writeFileSync(join(folder, 'mine.csv'), 'a\n1\n');
    expect((await ending(start('--inbox', folder))).code).toBe(64);
    expect(readFileSync(join(folder, 'mine.csv'), 'utf8')).toBe('a\n1\n');
  });
});
