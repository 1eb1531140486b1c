// @ts-check
import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';

import { rolldown } from 'rolldown';

/**
 * Compiles a TypeScript file of this project and the files that it imports, so that any supported Node can run them.
 * A program that it starts by `new URL('other.js', import.meta.url)` is compiled to `other.js` beside it.
 *
 * @param {string} file
 * @param {string} folder of the output: inside the project, because packages are looked up from there
 * @returns {Promise<string>} the path of the compiled file
 */
export async function compile(file, folder) {
  const programs = [...readFileSync(file, 'utf8').matchAll(/new URL\('([\w-]+)\.js', import\.meta\.url\)/g)];
  const beside = programs.map(([, name = '']) => [name, join(dirname(resolve(file)), `${name}.ts`)]);
  const bundle = await rolldown({
    input: { main: resolve(file), ...Object.fromEntries(beside) },
    platform: 'node',
    external: (id) => !id.startsWith('.') && !isAbsolute(id),
    tsconfig: false,
  });
  await bundle.write({ dir: folder, sourcemap: true });
  await bundle.close();
  return join(folder, 'main.js');
}
