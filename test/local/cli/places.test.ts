import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

import { array, assert, asyncProperty, boolean, constantFrom, record } from 'fast-check';
import { expect, it } from 'vitest';

import { locksIn } from '../../../src/cli/commands/locks-in.js';
import { openPlaces } from '../../../src/cli/usage/places.js';
import { useFolder } from '../../support/cli/harness.js';
import { putLock } from '../../support/cli/locks.js';

const folder = useFolder();

const NAMES = ['a', 'ab', 'b', 'sub/a', 'sub/c', 'sub/deep/a'] as const;
const FOLDERS = ['.', './', 'sub', 'sub/', './sub', 'sub/deep', 'sub/../sub'] as const;

type Content = 'nothing' | 'file' | 'lock' | 'file and lock' | 'torn lock' | 'file and foreign lock';
type Tree = Readonly<Record<(typeof NAMES)[number], Content>>;

const content = constantFrom<Content>('nothing', 'file', 'lock', 'file and lock', 'torn lock', 'file and foreign lock');
const trees = record(Object.fromEntries(NAMES.map((name) => [name, content])) as Record<keyof Tree, typeof content>);
const texts = constantFrom(...NAMES, ...NAMES.map((name) => `${name}.lock`), ...FOLDERS, 'none', 'gone.lock');

function plant(tree: Tree): string {
  const root = mkdtempSync(join(folder(), 'tree-'));
  mkdirSync(join(root, 'sub/deep'), { recursive: true });
  for (const name of NAMES) {
    if (tree[name].startsWith('file')) writeFileSync(join(root, name), '');
    if (tree[name].endsWith('foreign lock')) putLock(root, name, 0, 'GEM\n');
    else if (tree[name] === 'torn lock') putLock(root, name, 0, '');
    else if (tree[name].endsWith('lock')) putLock(root, name);
  }
  return root;
}

/** The files whose locks an argument means. Undefined: it names nothing. */
function meantBy(tree: Tree, text: string, recursive: boolean): readonly string[] | undefined {
  const locked = NAMES.filter((name) => tree[name].endsWith('lock'));
  if (FOLDERS.some((name) => name === text)) {
    const below = join(text, 'x').slice(0, -1);
    return locked.filter((name) => (recursive ? name.startsWith(below) : join(dirname(name), 'x') === `${below}x`));
  }
  if (text.endsWith('.lock')) {
    return locked.filter((name) => `${name}.lock` === text && !tree[name].endsWith('foreign lock'));
  }
  if (!NAMES.some((name) => name === text && tree[name] !== 'nothing')) return undefined;
  return locked.filter((name) => name === text);
}

it('any arguments list the locks that they mean, each once, and no other', async () => {
  await assert(
    asyncProperty(trees, array(texts, { minLength: 2, maxLength: 5 }), boolean(), async (tree, args, recursive) => {
      const root = plant(tree);
      const typed = args.map((text) => `${root}/${text}`);
      const { places, missing } = await openPlaces(typed);
      const onError = (error: Error): void => expect.fail(error.message);
      const found: string[] = [];
      const options = { recursive, onError, signal: new AbortController().signal };
      for await (const { listed } of locksIn(places, options)) found.push(relative(root, listed.file.toString()));
      const meant = args.map((text) => meantBy(tree, text, recursive));
      expect(found.sort()).toEqual([...new Set(meant.flatMap((names) => names ?? []))].sort());
      expect(missing.map(({ text }) => text)).toEqual(typed.filter((_, i) => meant[i] === undefined));
    }),
    { numRuns: 60 },
  );
});
