import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { describe, expect, test } from 'vitest';

import { ROOMS } from '../../scripts/rooms.mjs';
import { withoutBlocks } from '../support/markdown.js';

const root = resolve(import.meta.dirname, '../..');
const textOf = (file: string): string => readFileSync(join(root, file), 'utf8');

const PAGES = ['docs/architecture.md', 'docs/how-it-works.md', 'docs/proof.md', 'CONTRIBUTING.md'];

/** The page without its fenced blocks. */
function proseOf(page: string): string {
  return withoutBlocks(textOf(page));
}

function spansOf(text: string): readonly string[] {
  return [...text.matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span);
}

const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => textOf(join('src', name)))
  .join('\n');

/** Everything that the sources declare: exports, and members of classes and types. */
const declared = new Set([
  ...[
    ...sources.matchAll(
      /^export (?:abstract )?(?:async )?(?:const|class|interface|type|function)\*? ?([A-Za-z_$][\w$]*)/gm,
    ),
  ].map(([, name]) => name),
  ...[...sources.matchAll(/^ +(?:static |readonly |async |get |set |override )*\*?([A-Za-z_$][\w$]*)\??[(:<]/gm)].map(
    ([, name]) => name,
  ),
]);

/** A span that looks like one of our identifiers: `VfsFile`, `lock.held`, `assertHeld()`, `openFile`. */
const IDENTIFIER = /^[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*(?:\([^)]*\))?$/;

function namesIn(span: string): readonly string[] {
  if (!IDENTIFIER.test(span) || /\.(?:ts|js|mjs|md|json)$/.test(span)) return [];
  const names = span.replace(/\(.*$/, '').split('.');
  // Single words in lower case are as often system calls or plain values as ours.
  return span.includes('(') || span.includes('.') ? names.slice(-1) : names.filter((name) => /[A-Z]/.test(name));
}

/** A span that names a file or a folder of the repository. */
function isPath(span: string): boolean {
  return (
    /^(?:src|test|proof|docs|examples|fixtures|scripts|\.ci)\//.test(span) ||
    /^[\w./-]+\.(?:ts|mjs|md|json)$/.test(span)
  );
}

function exists(path: string): boolean {
  return existsSync(join(root, path)) || existsSync(join(root, 'src', path));
}

/** The rows of the table under a heading: the code spans of its first and of its last column. */
function roomsTable(): Record<string, readonly string[]> {
  const [, section = ''] = proseOf('docs/architecture.md').split('## Rooms and directions');
  const rows = section
    .split(/^## /m)[0]!
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  return Object.fromEntries(
    rows.map((row) => {
      const columns = row.split('|').slice(1, -1);
      return [spansOf(columns[0]!)[0]!, spansOf(columns.at(-1)!)];
    }),
  );
}

describe.each(PAGES)('%s', (page) => {
  const prose = proseOf(page);

  test('names only files and folders that exist', () => {
    const paths = spansOf(prose).filter(isPath);
    expect(paths.length).toBeGreaterThan(2);
    expect(paths.filter((path) => !exists(path) && !exists(basenameInSrc(path)))).toEqual([]);
  });

  test('names only identifiers that the sources declare', () => {
    const names = spansOf(prose).flatMap(namesIn);
    expect(names.filter((name) => !isKnown(name))).toEqual([]);
  });
});

test('the table of rooms in docs/architecture.md is the one that ESLint enforces', () => {
  expect(roomsTable()).toEqual(ROOMS);
});

/** Every command on the page: lines of its shell blocks, and code spans that begin like one. */
function commandsOf(page: string): readonly string[] {
  const lines = [...textOf(page).matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, block = '']) =>
    block.trim().split('\n'),
  );
  return [...lines, ...spansOf(proseOf(page)).filter((span) => /^(?:npm|npx|node) /.test(span))];
}

/** What stands for a command: a script of the package, npm's own installation, or one test file. */
function isCommand(command: string): boolean {
  const { scripts } = JSON.parse(textOf('package.json')) as { readonly scripts: Readonly<Record<string, string>> };
  const [, script] = /^npm (?:run )?([\w:]+)(?: -- [\w./-]+)*$/.exec(command) ?? [];
  if (script !== undefined) return script === 'ci' || Object.hasOwn(scripts, script);
  const [, files] = /^npx vitest run ([\w./-]+(?: [\w./-]+)*)$/.exec(command) ?? [];
  return files?.split(' ').every((file) => existsSync(join(root, file))) ?? false;
}

test.each([
  ['CONTRIBUTING.md', 10],
  ['docs/proof.md', 5],
])('%s names only commands that there are', (page, least) => {
  const commands = commandsOf(page);
  expect(commands.length).toBeGreaterThan(least);
  expect(commands.filter((command) => !isCommand(command))).toEqual([]);
});

test('CONTRIBUTING.md names every script that tests something', () => {
  const { scripts } = JSON.parse(textOf('package.json')) as { readonly scripts: Readonly<Record<string, string>> };
  const tests = Object.keys(scripts).filter((name) => /^(test|prove|explore|bench|lint|types|format)/.test(name));
  const named = commandsOf('CONTRIBUTING.md').join('\n');
  expect(tests.filter((name) => !new RegExp(`npm (run )?${name}$`, 'm').test(named))).toEqual([]);
});

test('tests that replace modules have a process of their own, by their names', () => {
  const names = ['unit', 'local'].flatMap((name) =>
    readdirSync(join(root, 'test', name), { recursive: true, encoding: 'utf8' }).map((file) =>
      join('test', name, file),
    ),
  );
  const replacing = names.filter(
    (name) => name.endsWith('.test.ts') && /\bvi\s*\.(?:mock|doMock)\(/.test(textOf(name)),
  );
  expect(replacing.length).toBeGreaterThan(5);
  expect(replacing.filter((name) => !name.endsWith('.alone.test.ts'))).toEqual([]);
});

/** A file that is named alone, after its folder was named. */
function basenameInSrc(path: string): string {
  if (path.includes('/')) return path;
  const found = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' });
  return found.find((name) => name.endsWith(`/${path}`)) ?? path;
}

/** Names in capitals are codes and constants: those are found anywhere in the sources or the rooms of the linter. */
function isKnown(name: string): boolean {
  if (name === 'ROOMS' || name === 'false') return true;
  return /^[A-Z_]+$/.test(name) ? new RegExp(`\\b${name}\\b`).test(sources) : declared.has(name);
}
