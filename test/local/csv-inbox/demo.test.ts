import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import { spawn as openTerminal } from '@lydell/node-pty';
import { beforeAll, describe, expect, it } from 'vitest';

import { wholeWorkload } from '../../../examples/csv-inbox/sample-files.js';
import { compile } from '../../../scripts/compile.mjs';
import { demoSuite, ending, environment, ROOT, start, START, useFolder } from '../../support/suites/demo.js';

const AT_WORK = / files \| worker-\d/;

// `test/proof` runs the whole of it.
demoSuite({ quick: true });

describe('npm start', () => {
  const folder = useFolder();
  /** For what needs no more than its arguments: compiled once. */
  const program: string[] = [];
  beforeAll(async () => {
    const compiled = mkdtempSync(join(ROOT, 'dist.test-'));
    program.push(await compile(START[1], compiled));
    return () => rmSync(compiled, { recursive: true });
  });

  it('shows progress in one line of a terminal, and on ctrl-C ends its workers and cleans up', async () => {
    const demo = openTerminal(process.execPath, [...START, '--inbox', join(folder(), 'inbox')], {
      cols: 50,
      env: environment(folder()),
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
      .filter((line) => line.includes(` of ${wholeWorkload().files.length} files`));
    expect(live.length).toBeGreaterThan(0);
    expect(live.filter((line) => line.length > 49 || line.includes('\n'))).toEqual([]);
    expect(readdirSync(join(folder(), 'tmp'))).toEqual([]);
    expect(readdirSync(join(folder(), 'inbox')).filter((name) => name.endsWith('.csv'))).toEqual([]);
    expect(existsSync(join(ROOT, `dist.${String(demo.pid)}.run`))).toBe(false);
  });

  it('is what the package script does', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      readonly scripts: Readonly<Record<string, string>>;
    };
    expect(scripts.prestart).toBe('npm run build');
    expect(scripts.start).toBe(['node', ...START.map((file) => relative(ROOT, file))].join(' '));
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('ends its workers and cleans up when it alone gets %s', async (signal) => {
    const demo = start(folder(), ['--inbox', join(folder(), 'inbox')]);
    demo.stdout.once('data', () => demo.kill(signal));
    expect((await ending(demo)).code).toBe({ SIGTERM: 143, SIGINT: 130 }[signal]);
    expect(readdirSync(join(folder(), 'tmp'))).toEqual([]);
    expect(existsSync(join(ROOT, `dist.${String(demo.pid)}.run`))).toBe(false);
  });

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
    const { code, stdout, stderr } = await ending(start(folder(), args, program));
    expect([code, stdout]).toEqual([64, '']);
    expect(stderr).toContain(problem);
    expect(stderr).toContain('Usage: npm start');
    expect(readdirSync(join(folder(), 'tmp'))).toEqual([]);
  });

  it('leaves alone what it finds in an inbox that is somebody’s', async () => {
    writeFileSync(join(folder(), 'mine.csv'), 'a\n1\n');
    expect((await ending(start(folder(), ['--inbox', folder()], program))).code).toBe(64);
    expect(readFileSync(join(folder(), 'mine.csv'), 'utf8')).toBe('a\n1\n');
  });
});
