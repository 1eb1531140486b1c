// @ts-check
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { join } from 'node:path';

import { rolldown } from 'rolldown';

const root = join(import.meta.dirname, '..');
const target = join(root, 'dist');
const fresh = `${target}.${process.pid}.new`;
const old = `${target}.${process.pid}.old`;

/** @typedef {Readonly<Record<string, string>>} Names */
/** @typedef {{ exports: Record<string, string | { default: string }>, bin: Names, peerDependencies: Names }} Manifest */

const manifest = /** @type {Manifest} */ (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));

/** @returns {readonly string[]} what somebody loads by name: the package's subpaths and its command */
function entries() {
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
 * What has a subpath of its own and nothing else needs stays apart. Other packages are bundled, except the optional peers.
 * @returns {Promise<readonly string[]>} the files that went into it
 */
async function writeCode() {
  const main = join(root, 'src', 'index.ts');
  const peers = Object.keys(manifest.peerDependencies);
  /** @type {ReadonlySet<string> | undefined} */
  let core;
  const bundle = await rolldown({
    input: Object.fromEntries(entries().map((entry) => [entry, join(root, 'src', `${entry}.ts`)])),
    platform: 'node',
    external: (id) => isBuiltin(id) || peers.some((peer) => id === peer || id.startsWith(`${peer}/`)),
    tsconfig: false,
  });
  const { output } = await bundle.write({
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
  return output.flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []));
}

/**
 * The licences of bundled packages ask to be passed on with their code.
 * @param {readonly string[]} files
 */
function writeLicences(files) {
  const folders = files.flatMap((file) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0] ?? []);
  const texts = [...new Set(folders)].sort().map((folder) => {
    const licence = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
    if (licence === undefined) throw new Error(`${folder} is bundled, but has no licence file`);
    return `${folder.replace(/^.*\/node_modules\//, '')}\n\n${readFileSync(join(folder, licence), 'utf8').trim()}\n`;
  });
  writeFileSync(join(fresh, 'THIRD-PARTY-LICENSES'), texts.join(`\n${'-'.repeat(79)}\n\n`));
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
    writeLicences(await writeCode());
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
