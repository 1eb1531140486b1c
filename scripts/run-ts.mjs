// @ts-check
// run-ts.mjs FILE.ts [ARGUMENTS]: runs a TypeScript file of this project, with the sources it imports, on any supported Node.
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';

import { rolldown } from 'rolldown';

const [file = '', ...args] = process.argv.slice(2);
// Within the project, so that packages are found from there.
const folder = join(import.meta.dirname, '..', `dist.${process.pid}.run`);
// A program that FILE starts by `new URL('other.js', import.meta.url)` is compiled to stand beside it.
const programs = [...readFileSync(file, 'utf8').matchAll(/new URL\('([\w-]+)\.js', import\.meta\.url\)/g)].map(
  ([, name]) => name ?? '',
);
try {
  const bundle = await rolldown({
    input: {
      main: resolve(file),
      ...Object.fromEntries(programs.map((name) => [name, join(dirname(resolve(file)), `${name}.ts`)])),
    },
    platform: 'node',
    external: (id) => !id.startsWith('.') && !isAbsolute(id),
    tsconfig: false,
  });
  await bundle.write({ dir: folder, sourcemap: true });
  await bundle.close();
  const flags = ['--enable-source-maps', join(folder, 'main.js')];
  process.exitCode = spawnSync(process.execPath, [...flags, ...args], { stdio: 'inherit' }).status ?? 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
