// @ts-check
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isAbsolute, join } from 'node:path';

import { rolldown } from 'rolldown';
import { parseAst } from 'rolldown/parseAst';

const root = join(import.meta.dirname, '..');
const target = join(root, 'dist');
const fresh = `${target}.${process.pid}.new`;
const old = `${target}.${process.pid}.old`;

/** @typedef {{ exports: Record<string, string | { default: string }>, bin: Record<string, string> }} Manifest */

/** @returns {readonly string[]} what somebody loads by name: the package's subpaths, its command, each file of the demo */
function entries() {
  const manifest = /** @type {Manifest} */ (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));
  const subpaths = Object.values(manifest.exports).flatMap((to) => (typeof to === 'string' ? [] : [to.default]));
  const published = [...subpaths, ...Object.values(manifest.bin)].map((file) => file.replace(/^(\.\/)?dist\//, ''));
  const demo = join(root, 'src', 'demo');
  const files = existsSync(demo) ? readdirSync(demo).filter((file) => file.endsWith('.ts')) : [];
  return [...published, ...files.map((file) => `demo/${file}`)].map((file) => file.replace(/\.[jt]s$/, ''));
}

/** Checks everything, and writes the types with their doc comments. */
function writeTypes() {
  const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const args = [compiler, '-p', join(root, 'tsconfig.build.json'), '--outDir', fresh];
  return spawnSync(process.execPath, args, { stdio: 'inherit' }).status === 0;
}

/**
 * Everything that importing the package loads becomes one file, for dozens are slower to load and compress badly.
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
    comments: false,
    // Functions and classes keep their names, for stack traces.
    minify: { compress: true, mangle: { keepNames: true }, codegen: { removeWhitespace: true } },
  });
  await bundle.close();
}

/**
 * Node shows the whole line in which an uncaught error was thrown. So each declaration and each member of a class begins one.
 * @param {string} folder
 */
function breakLines(folder) {
  for (const name of readdirSync(folder, { encoding: 'utf8', recursive: true })) {
    if (!name.endsWith('.js')) continue;
    const code = readFileSync(join(folder, name), 'utf8');
    const starts = lineStarts(parseAst(code)).sort((a, b) => a - b);
    const lines = starts.map((start, index) => code.slice(start, starts[index + 1]).trimEnd());
    writeFileSync(join(folder, name), [code.slice(0, starts[0]).trimEnd(), ...lines, ''].join('\n').trimStart());
  }
}

/**
 * @param {unknown} node of the syntax tree
 * @returns {number[]} where the statements of the module begin, and the members of classes
 */
function lineStarts(node) {
  if (typeof node !== 'object' || node === null) return [];
  const { type, body } = /** @type {{ type?: string, body?: readonly { start: number }[] }} */ (node);
  const own = type === 'Program' || type === 'ClassBody' ? (body ?? []).map(({ start }) => start) : [];
  return [...own, ...Object.values(node).flatMap(lineStarts)];
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
    breakLines(fresh);
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
