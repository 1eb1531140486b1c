// @ts-check
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { join, relative, sep } from 'node:path';

import { format, resolveConfig } from 'prettier';
import { rolldown } from 'rolldown';

const root = join(import.meta.dirname, '..');
const source = join(root, 'src');
const target = join(root, 'dist');
const fresh = `${target}.${process.pid}.new`;
const old = `${target}.${process.pid}.old`;
const CORE = 'core';
const GUARDIAN_CORE = 'core-of-guardian';

/** @typedef {Readonly<Record<string, string>>} Names */
/** @typedef {{ exports: Record<string, string | { default: string }>, bin: Names, peerDependencies: Names }} Manifest */

const manifest = /** @type {Manifest} */ (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));

/** @returns {readonly string[]} what somebody loads by name: the package's subpaths and its command */
function entries() {
  const subpaths = Object.values(manifest.exports).flatMap((to) => (typeof to === 'string' ? [] : [to.default]));
  const published = [...subpaths, ...Object.values(manifest.bin)].map((file) => file.replace(/^(\.\/)?dist\//, ''));
  return published.map((file) => file.replace(/\.[jt]s$/, ''));
}

/**
 * Checks everything, and writes the types with their doc comments.
 * @returns {Promise<boolean>} whether all is right
 */
async function writeTypes() {
  const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const args = [compiler, '-p', join(root, 'tsconfig.build.json'), '--outDir', fresh];
  const [code] = await once(spawn(process.execPath, args, { stdio: 'inherit' }), 'exit');
  return code === 0;
}

/**
 * Everything that importing the package loads becomes one file, because dozens are slower to load. What has a subpath of its
 * own and nothing else needs stays apart, and so does the little that the guardian process shares with it.
 * Other packages are bundled, except the optional peers.
 * @returns {Promise<readonly string[]>} the files that went into it
 */
async function writeCode() {
  const peers = Object.keys(manifest.peerDependencies);
  const bundle = await rolldown({
    input: Object.fromEntries(entries().map((entry) => [entry, join(source, `${entry}.ts`)])),
    platform: 'node',
    external: (id) => isBuiltin(id) || peers.some((peer) => id === peer || id.startsWith(`${peer}/`)),
    tsconfig: false,
  });
  const { output } = await bundle.write({
    dir: fresh,
    minifyInternalExports: false,
    chunkFileNames: (chunk) => `shared/${chunkName(chunk)}.js`,
    codeSplitting: { groups: groups() },
  });
  await bundle.close();
  for (const { fileName } of output) await makeReadable(join(fresh, fileName));
  return output.flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []));
}

/**
 * Lays the code out as in the sources: a stack trace leads to a line that says something, and not to a long one.
 * @param {string} file
 */
async function makeReadable(file) {
  const options = await resolveConfig(join(source, 'index.ts'));
  writeFileSync(file, await format(readFileSync(file, 'utf8'), { ...options, filepath: file }));
}

/**
 * The name of a file in `dist/shared`, as a stack trace shows it: src/backends/sftp/uri.ts becomes backends-sftp-uri. It is that
 * of the last module, which the others are for; a package that is bundled has its own name. A file without a module of its own only passes on what is in another.
 * @param {import('rolldown').PreRenderedChunk} chunk
 */
function chunkName({ name, facadeModuleId, moduleIds }) {
  if (name === CORE || name === GUARDIAN_CORE) return name;
  const module = moduleIds.at(-1);
  const [, bundled] = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*\/node_modules\/)/.exec(module ?? '') ?? [];
  if (bundled !== undefined) return bundled.replace('/', '-');
  const path = relative(source, module ?? facadeModuleId ?? name).replace(/(\/index)?\.ts$/, '');
  return path.split(sep).join('-') + (module === undefined ? '-exports' : '');
}

/** @returns {import('rolldown').CodeSplittingGroup[]} the files that several modules go to by our own choice */
function groups() {
  const main = join(source, 'index.ts');
  const loads = loadedBy(main);
  const guardianLoads = loadedBy(join(source, 'cli', 'guardian', 'guardian.ts'));
  /** @typedef {Parameters<typeof loads>[0]} Graph */
  /** @type {(id: string, graph: Graph) => boolean} */
  const inCore = (id, graph) => id !== main && loads(graph).has(id);
  // A group takes along what its modules import, unless an earlier group has it.
  return [
    {
      debugName: GUARDIAN_CORE,
      name: (id, graph) => (inCore(id, graph) && guardianLoads(graph).has(id) ? GUARDIAN_CORE : null),
    },
    { debugName: CORE, name: (id, graph) => (inCore(id, graph) ? CORE : null) },
  ];
}

/**
 * @param {string} main
 * @returns {(graph: { getModuleInfo(id: string): { importedIds: readonly string[] } | null }) => ReadonlySet<string>}
 *   all that is loaded before `main` runs, and itself
 */
function loadedBy(main) {
  /** @type {Set<string> | undefined} */
  let found;
  return (graph) => {
    if (found !== undefined) return found;
    found = new Set([main]);
    // A set is walked in the order of insertion, and what is added meanwhile is walked too.
    for (const id of found) for (const imported of graph.getModuleInfo(id)?.importedIds ?? []) found.add(imported);
    return found;
  };
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

/** The manual page comes from the same table as the help. */
function writeManualPage() {
  const folder = join(fresh, 'cli');
  const { status, stdout } = spawnSync(process.execPath, [join(folder, 'main.js'), 'help', '--man']);
  if (status !== 0) throw new Error('the manual page could not be written');
  writeFileSync(join(folder, 'vfs-lockfile.1'), stdout);
}

try {
  // At the same time, because the compiler keeps one core busy for longer than all the rest.
  const [areTypesRight, files] = await Promise.all([writeTypes(), writeCode()]);
  if (areTypesRight) {
    writeLicences(files);
    copyFileSync(join(source, 'cli', 'output.schema.json'), join(fresh, 'cli', 'output.schema.json'));
    chmodSync(join(fresh, 'cli', 'main.js'), 0o755);
    writeManualPage();
    // Only now, so that a build that fails leaves the last good one.
    if (existsSync(target)) renameSync(target, old);
    renameSync(fresh, target);
  } else {
    process.exitCode = 1;
  }
} finally {
  for (const folder of [fresh, old]) rmSync(folder, { recursive: true, force: true });
}
