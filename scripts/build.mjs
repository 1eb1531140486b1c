// @ts-check
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isAbsolute, join } from 'node:path';

import { rolldown } from 'rolldown';

const root = join(import.meta.dirname, '..');
const target = join(root, 'dist');
const fresh = `${target}.${process.pid}.new`;
const old = `${target}.${process.pid}.old`;

/** @typedef {{ exports: Record<string, string | { default: string }>, bin: Record<string, string> }} Manifest */

/** @returns {readonly string[]} what somebody loads by name: the package's subpaths and its command */
function entries() {
  const manifest = /** @type {Manifest} */ (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));
  const subpaths = Object.values(manifest.exports).flatMap((to) => (typeof to === 'string' ? [] : [to.default]));
  const published = [...subpaths, ...Object.values(manifest.bin)].map((file) => file.replace(/^(\.\/)?dist\//, ''));
  return published.map((file) => file.replace(/\.[jt]s$/, ''));
}

/** Checks everything, and writes the types with their doc comments. */
function writeTypes() {
  const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const args = [compiler, '-p', join(root, 'tsconfig.build.json'), '--outDir', fresh];
  return spawnSync(process.execPath, args, { stdio: 'inherit' }).status === 0;
}

/**
 * Everything that importing the package loads becomes one file, because dozens are slower to load. Names and lines stay as
 * they are in the sources, so that a stack trace can be read.
 * What has a subpath of its own and nothing else needs stays apart.
 */
async function writeCode() {
  const main = join(root, 'src', 'index.ts');
  /** @type {ReadonlySet<string> | undefined} */
  let core;
  const bundle = await rolldown({
    input: Object.fromEntries(entries().map((entry) => [entry, join(root, 'src', `${entry}.ts`)])),
    platform: 'node',
    external: (id) => !id.startsWith('.') && !isAbsolute(id),
    tsconfig: false,
  });
  await bundle.write({
    dir: fresh,
    chunkFileNames: 'shared/[name].js',
    codeSplitting: {
      groups: [
        {
          debugName: 'core',
          name(id, graph) {
            core ??= importedFrom(main, (from) => graph.getModuleInfo(from)?.importedIds ?? []);
            return id !== main && core.has(id) ? 'core' : null;
          },
        },
      ],
    },
  });
  await bundle.close();
}

/**
 * @param {string} main
 * @param {(id: string) => readonly string[]} importsOf
 * @returns {ReadonlySet<string>} all that is loaded before `main` runs, and itself
 */
function importedFrom(main, importsOf) {
  const found = new Set([main]);
  // A set is walked in the order of insertion, and what is added meanwhile is walked too.
  for (const id of found) for (const imported of importsOf(id)) found.add(imported);
  return found;
}

try {
  if (writeTypes()) {
    await writeCode();
    chmodSync(join(fresh, 'cli', 'main.js'), 0o755);
    // Only now, so that a build that fails leaves the last good one.
    if (existsSync(target)) renameSync(target, old);
    renameSync(fresh, target);
  } else {
    process.exitCode = 1;
  }
} finally {
  for (const folder of [fresh, old]) rmSync(folder, { recursive: true, force: true });
}
