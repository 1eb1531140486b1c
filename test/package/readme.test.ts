import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { asJavaScript, blocksOf, complaintsAbout, installInto, titleOf } from '../support/snippets.js';

const root = join(import.meta.dirname, '..', '..');

const docs = (await readdir(join(root, 'docs'), { recursive: true })).filter((name) => name.endsWith('.md'));

interface Page {
  readonly name: string;
  readonly text: string;
}

/** Everything that documents the package. The commands of CONTRIBUTING.md, which start the tests, are only looked up: see architecture.test.ts. */
const pages: readonly Page[] = await Promise.all(
  ['README.md', 'CONTRIBUTING.md', ...docs.map((name) => `docs/${name}`)].map(async (name) => ({
    name,
    text: await readFile(join(root, name), 'utf8'),
  })),
);

let folder = '';

/** A user's project with a file to lock. */
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vfs-lockfile-readme-'));
  await installInto(folder);
  await mkdir(join(folder, 'inbox'));
  await mkdir(join(folder, 'build'));
  await writeFile(join(folder, 'inbox', 'data.csv'), 'a,b\n1,2\n');
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const typed = pages.flatMap(({ text }) => blocksOf(text, 'ts'));

test('there are snippets on the pages', () => {
  expect(pages.flatMap(snippetsOf).length).toBeGreaterThan(5);
});

test('every TypeScript snippet of the documentation passes the compiler', async () => {
  expect(await complaintsAbout(typed)).toEqual([]);
});

function snippetsOf({ text }: Page): readonly string[] {
  return [...blocksOf(text, 'js'), ...blocksOf(text, 'ts').map(asJavaScript)];
}

describe.each(pages.filter((page) => snippetsOf(page).length > 0))(
  'every snippet of $name runs as it stands',
  (page) => {
    test.each(snippetsOf(page).map((snippet) => [titleOf(snippet), snippet]))('%s', async (_title, snippet) => {
      await writeFile(join(folder, 'snippet.mjs'), snippet);
      const { stderr } = await promisify(execFile)(process.execPath, ['snippet.mjs'], { cwd: folder });
      expect(stderr).toBe('');
    });
  },
);

/** What runs the commands that cannot run inside the tests that they start. */
const RUN_ELSEWHERE: Readonly<Record<string, string>> = {
  'npm ci && npm start': '.ci/run',
  'npm ci && npm test': '.ci/run',
  'npm install vfs-lockfile': 'test/package/packaging.test.ts',
};

describe('every command of the documentation is run', () => {
  const commands = pages
    .filter(({ name }) => name !== 'CONTRIBUTING.md')
    .flatMap(({ text }) => blocksOf(text, 'sh'))
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
