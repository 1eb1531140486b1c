import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const readme = await readFile(join(root, 'README.md'), 'utf8');

/** The fenced blocks of a language, whole. */
function blocks(language: string): readonly string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map((match) => match[1]!);
}

let folder = '';

/** A user's project: the built package and memfs installed, and a file to lock. */
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vfs-lockfile-readme-'));
  await mkdir(join(folder, 'node_modules', '.bin'), { recursive: true });
  await symlink(root, join(folder, 'node_modules', 'vfs-lockfile'));
  await symlink(join(root, 'node_modules', 'memfs'), join(folder, 'node_modules', 'memfs'));
  await symlink(join(root, 'dist', 'cli', 'main.js'), join(folder, 'node_modules', '.bin', 'vfs-lockfile'));
  await mkdir(join(folder, 'inbox'));
  await mkdir(join(folder, 'build'));
  await writeFile(join(folder, 'inbox', 'data.csv'), 'a,b\n1,2\n');
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('every JavaScript snippet of the README runs as it stands', () => {
  const snippets = blocks('js');

  test('and there are some', () => {
    expect(snippets.length).toBeGreaterThan(3);
  });

  test.each(
    snippets.map((snippet) => [snippet.split('\n').find((line) => line !== '' && !line.startsWith('import')), snippet]),
  )('%s', async (_line, snippet) => {
    await writeFile(join(folder, 'snippet.mjs'), snippet);
    const { stderr } = await promisify(execFile)(process.execPath, ['snippet.mjs'], { cwd: folder });
    expect(stderr).toBe('');
  });
});

/** What runs the commands that cannot run inside the tests that they start. */
const RUN_ELSEWHERE: Readonly<Record<string, string>> = {
  'npm ci && npm start': '.ci/run',
  'npm ci && npm test': '.ci/run',
  'npm install vfs-lockfile': 'test/package/packaging.test.ts',
};

describe('every command of the README is run', () => {
  const commands = blocks('sh')
    .flatMap((block) => block.split('\n'))
    .map((line) => line.replace(/\s+#.*$/, '').trim())
    .filter((line) => line !== '');

  test.each(commands)('%s', async (command) => {
    const elsewhere = RUN_ELSEWHERE[command];
    if (elsewhere === undefined) await promisify(execFile)('sh', ['-c', command], { cwd: folder, env: withBin() });
    else expect(await readFile(join(root, elsewhere), 'utf8')).toContain(elsewhere.startsWith('.ci') ? command : 'npm');
  });
});

function withBin(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${join(folder, 'node_modules', '.bin')}:${process.env.PATH ?? ''}` };
}
