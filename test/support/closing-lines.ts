import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const IMPORT = "import { afterAll, beforeAll, describe, it } from 'vitest';\n";

let project: string;

/** Gives each test a project of its own. */
export function useProject(): void {
  beforeEach(async () => {
    project = await mkdtemp(join(tmpdir(), 'vfs-lockfile-reporter-'));
    await mkdir(join(project, 'test', 'unit'), { recursive: true });
    await symlink(join(ROOT, 'node_modules'), join(project, 'node_modules'));
  });
  afterEach(async () => {
    await rm(project, { recursive: true, force: true });
  });
}

/** What a test run of its own ends with that has this project's configuration and nothing but these files. */
export async function output(
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

export async function run(...files: readonly string[]): Promise<{ readonly code: unknown; readonly lastLine: string }> {
  const { code, lines } = await output(...files);
  return { code, lastLine: lines.at(-1) ?? '' };
}

export const PASSES = "it('passes', () => {});";
