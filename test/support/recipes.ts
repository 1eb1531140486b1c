import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

import { asJavaScript, blocksOf, install } from './snippets.js';

const root = resolve(import.meta.dirname, '../..');

/** The program of a page of `docs/recipes`, in a project that has installed what the page says. */
export interface Recipe {
  /** Runs it, or a program that imports it as `./recipe.mjs`. Returns the lines that it printed; fails if it fails or complains. */
  run(env: Readonly<Record<string, string>>, program?: string): Promise<readonly string[]>;
  remove(): Promise<void>;
}

export async function recipeOf(page: string): Promise<Recipe> {
  const text = await readFile(join(root, 'docs/recipes', page), 'utf8');
  const [block = '', ...others] = blocksOf(text, 'ts');
  if (others.length > 0) throw new Error(`${page} has more than one program`);
  const [, packages = ''] = /^npm install (.*)$/m.exec(text) ?? [];
  const folder = await mkdtemp(join(tmpdir(), 'vfs-lockfile-recipe-'));
  await install(folder, packages.split(' '));
  await writeFile(join(folder, 'recipe.mjs'), asJavaScript(block));
  return {
    run: async (env, program) => {
      const file = join(folder, program === undefined ? 'recipe.mjs' : 'main.mjs');
      if (program !== undefined) await writeFile(file, program);
      const { PATH = '' } = process.env;
      // The SDK of AWS warns of the Node that it will not support some day.
      const options = { cwd: folder, env: { PATH, HOME: folder, NODE_NO_WARNINGS: '1', ...env } };
      const { stdout, stderr } = await promisify(execFile)(process.execPath, [file], options);
      if (stderr !== '') throw new Error(`${page} complains: ${stderr}`);
      return stdout.split('\n').filter((line) => line !== '');
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
