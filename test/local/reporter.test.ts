import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const IMPORT = "import { afterAll, beforeAll, describe, it } from 'vitest';\n";

let project: string;
beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), 'vfs-lockfile-reporter-'));
  await mkdir(join(project, 'test', 'unit'), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(project, 'node_modules'));
});
afterEach(async () => {
  await rm(project, { recursive: true, force: true });
});

/** What a test run of its own ends with that has this project's configuration and nothing but these files. */
async function output(
  ...files: readonly string[]
): Promise<{ readonly code: unknown; readonly lines: readonly string[] }> {
  await Promise.all(
    files.map((code, i) => writeFile(join(project, 'test', 'unit', `file-${i}.test.ts`), IMPORT + code)),
  );
  const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  const args = [vitest, 'run', '--root', project, '--config', join(ROOT, 'vitest.config.ts')];
  const { PATH, HOME } = process.env;
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: project, env: { PATH, HOME } }, (error, stdout) => {
      resolve({ code: error === null ? 0 : error.code, lines: stdout.trimEnd().split('\n') });
    });
  });
}

async function run(...files: readonly string[]): Promise<{ readonly code: unknown; readonly lastLine: string }> {
  const { code, lines } = await output(...files);
  return { code, lastLine: lines.at(-1) ?? '' };
}

const PASSES = "it('passes', () => {});";

describe('the closing line of a test run', () => {
  it('counts what passed and what failed', async () => {
    const { code, lines } = await output(PASSES);
    expect([code, ...lines.slice(-2)]).toEqual([0, 'skipped: none', '1 passed, 0 failed']);
    const fails = "it('fails', () => { throw new Error('on purpose'); });";
    expect(await run(PASSES, PASSES + fails)).toEqual({ code: 1, lastLine: '2 passed, 1 failed' });
  });

  it.each([
    ['a file that cannot be loaded', "import './absent.js';", '1 passed, 1 failed'],
    ['a file without a test', '', '1 passed, 1 failed'],
    ['a hook that throws', `beforeAll(() => { throw new Error('on purpose'); }); ${PASSES}`, '1 passed, 1 failed'],
    [
      'a hook of a group',
      `describe('it', () => { beforeAll(() => { throw new Error('no'); }); ${PASSES} });`,
      '1 passed, 1 failed',
    ],
    ['a clean-up that throws', `afterAll(() => { throw new Error('on purpose'); }); ${PASSES}`, '2 passed, 1 failed'],
    ['an unhandled rejection', `void Promise.reject(new Error('on purpose')); ${PASSES}`, '2 passed, 1 failed'],
  ])('counts %s as failed', async (_, code, lastLine) => {
    expect(await run(PASSES, code)).toEqual({ code: 1, lastLine });
  });

  it('says before it how many were skipped, by reason', async () => {
    const named =
      "describe.skip('on a disk (needs root, to mount it)', () => { it('a', () => {}); it('b', () => {}); });";
    const noted = "it('c', (context) => context.skip('needs a clock'));";
    const { lines } = await output(PASSES, named, noted + "it.skip('d', () => {});");
    expect(lines.at(-2)).toBe('skipped: 2 needs root, 1 needs a clock, 1 for other reasons');
  });

  it('takes a run of nothing but skipped tests for a failure', async () => {
    expect(await run("it.skip('is skipped', () => {});")).toEqual({ code: 1, lastLine: '0 passed, 1 failed' });
  });
});
