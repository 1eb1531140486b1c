import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';

import { asJavaScript, blocksOf, complaintsAbout, install, titleOf } from '../support/snippets.js';

const root = join(import.meta.dirname, '..', '..');

/** All but the pages of `docs/reference` that `npm run reference` generates: their blocks are signatures. */
const docs = (await readdir(join(root, 'docs'), { recursive: true })).filter(
  (name) => name.endsWith('.md') && (!name.startsWith('reference/') || name === 'reference/json.md'),
);

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

/** What runs the commands that cannot run inside the tests that they start. */
const RUN_ELSEWHERE: Readonly<Record<string, string>> = {
  'npm ci && npm start': '.ci/run',
  'npm ci && npm test': '.ci/run',
};

/** Pages whose programs need a server, and the test that runs them on one. */
const RUN_ON_SERVERS: Readonly<Record<string, string>> = {
  'docs/recipes/s3-worker.md': 'test/servers/s3/recipes.test.ts',
  'docs/recipes/lambda.md': 'test/servers/s3/recipes.test.ts',
  'docs/recipes/sftp-inbox.md': 'test/servers/sftp/recipes.test.ts',
};

test('every snippet is TypeScript or shell', () => {
  const languages = pages.flatMap(({ name, text }) =>
    [...text.matchAll(/^```(js|javascript|bash|console)$/gm)].map(([, language]) => `${name}: ${language}`),
  );
  expect(languages).toEqual([]);
});

test('U14: every TypeScript snippet of the documentation passes the compiler', async () => {
  const typed = pages.flatMap(({ text }) => blocksOf(text, 'ts'));
  expect(typed.length).toBeGreaterThan(5);
  expect(await complaintsAbout(typed)).toEqual([]);
});

test.each(Object.entries(RUN_ON_SERVERS))('%s is run by %s', async (page, file) => {
  expect(await readFile(join(root, file), 'utf8')).toContain(`recipeOf('${basename(page)}')`);
});

describe('U15: a reader who types a page in an empty folder, from top to bottom', () => {
  const runnable = pages.filter(
    ({ name, text }) =>
      !Object.hasOwn(RUN_ON_SERVERS, name) && blocksOf(text, name === 'CONTRIBUTING.md' ? 'ts' : 'ts|sh').length > 0,
  );

  test.concurrent.each(runnable)('$name', async ({ name, text }) => {
    const folder = await mkdtemp(join(tmpdir(), 'vfs-lockfile-page-'));
    try {
      // Pages that begin in the middle, such as how-it-works.md, say nowhere what to install.
      if (!text.includes('npm install ')) await install(folder, ['vfs-lockfile', 'memfs']);
      if (name !== 'README.md') await quickenNpx(folder);
      for (const { language, block } of inOrder(text)) {
        if (language === 'ts') await runSnippet(folder, block);
        else if (name !== 'CONTRIBUTING.md') await runCommands(folder, commandsOf(block));
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

/** The real `npx` takes a second, most of it for things that no page is about, so that only the README waits for it. */
async function quickenNpx(folder: string): Promise<void> {
  const bin = join(folder, 'node_modules', '.bin');
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, 'npx'), '#!/bin/sh\ncommand=$1; shift; exec "${0%/*}/$command" "$@"\n', { mode: 0o755 });
}

function inOrder(text: string): readonly { readonly language: string; readonly block: string }[] {
  return [...text.matchAll(/^```(ts|sh)\n(.*?)^```$/gms)].map(([, language = '', block = '']) => ({ language, block }));
}

async function runSnippet(folder: string, block: string): Promise<void> {
  const file = join(folder, 'snippet.mjs');
  await writeFile(file, asJavaScript(block));
  const { stderr } = await run(folder, process.execPath, [file], titleOf(block));
  await rm(file);
  expect(stderr, titleOf(block)).toBe('');
}

function commandsOf(block: string): readonly string[] {
  const lines = block.split('\n').map((line) => line.replace(/\s+#.*$/, '').trim());
  return lines.filter((line) => line !== '');
}

/** What stands between the installations of a block is typed into one shell. */
async function runCommands(folder: string, commands: readonly string[]): Promise<void> {
  let typed: readonly string[] = [];
  const enter = async (): Promise<void> => {
    if (typed.length > 0) await run(folder, 'sh', ['-exc', typed.join('\n')], typed.join('; '));
    typed = [];
  };
  for (const command of commands) {
    const elsewhere = RUN_ELSEWHERE[command];
    const [, packages] = /^npm install ([\w@/ .-]+)$/.exec(command) ?? [];
    if (elsewhere !== undefined) expect(await readFile(join(root, elsewhere), 'utf8')).toContain(command);
    else if (packages === undefined) typed = [...typed, command];
    else {
      await enter();
      await install(folder, packages.split(' '));
    }
  }
  await enter();
}

async function run(
  folder: string,
  program: string,
  args: readonly string[],
  title: string,
): Promise<{ stderr: string }> {
  const path = `${join(folder, 'node_modules', '.bin')}:${process.env.PATH ?? ''}`;
  try {
    return await promisify(execFile)(program, [...args], { cwd: folder, env: { ...process.env, PATH: path } });
  } catch (error) {
    throw new Error(`"${title}" failed: ${(error as Error).message}`, { cause: error });
  }
}
