// @ts-check
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { optionsPage, plainDefault } from './options-page.mjs';

/**
 * `npm run reference` writes `docs/reference` from the doc comments, one page for each entry point of the package, and the tables
 * of `docs/options.md`. It leaves alone the pages there that are written by hand.
 * `npm run reference -- --check` writes nothing, and fails if the pages are not what it would write.
 */
const root = join(import.meta.dirname, '..');
const target = join(root, 'docs/reference');
const BY_HAND = ['json.md'];

/**
 * What is used of typedoc, which is loaded by a name that the compiler does not follow: types and lint need no typedoc.
 * @typedef {import('./options-page.mjs').Reflection} Reflection
 * @typedef {{ name: string }} Named
 * @typedef {{ children?: Named[], getReflectionsByKind(kind: number): Reflection[] }} Project
 * @typedef {{ hasErrors(): boolean, hasWarnings(): boolean }} Logger
 * @typedef {{ logger: Logger, convert(): Promise<Project | undefined>, generateOutputs(project: Project): Promise<void> }} App
 * @typedef {{ Application: { bootstrapWithPlugins(options: object): Promise<App> }, ReflectionKind: { Parameter: number, Interface: number } }} Typedoc
 */
const TYPEDOC = 'typedoc';

/** @typedef {{ name: string, exports: Record<string, string | { default: string }> }} Manifest */

const manifest = /** @type {Manifest} */ (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));

/** The source of each entry point, and the name of its page. */
const entries = Object.entries(manifest.exports).flatMap(([subpath, to]) => {
  if (typeof to === 'string') return [];
  const source = join(root, to.default.replace(/^\.\/dist/, 'src').replace(/\.js$/, '.ts'));
  return [{ source, page: subpath === '.' ? manifest.name : subpath.slice(2) }];
});

/**
 * What the options of typedoc-plugin-markdown do not leave out: who a member was inherited from, and tables and types that only
 * repeat the signature.
 * @param {string} page
 */
function shortened(page) {
  return page
    .replaceAll(
      /^#{3,6} (?:Inherited from|Overrides|Implementation of|Extends|Implements)\n\n.*?\n(?=\n#|$(?![^]))/gms,
      '',
    )
    .replaceAll(/^#{3,6} Parameters\n\n\| Parameter \| Type \|\n(?:\|[^\n[]*\|\n)+\n/gm, '')
    .replaceAll(/^#{3,6} Returns\n\n[^\n[]*\n(?=\n#|$(?![^]))/gm, '')
    .replaceAll(/\*\*Default\*\* `([^`|]+)`/g, (_, text) => `**Default** ${plainDefault(String(text))}`)
    .replaceAll(/\n{3,}/g, '\n\n');
}

/**
 * The plugin counts `Sweep.totals` and `SweepTotals` as two headings of one name, and GitHub does not: such a link loses its number.
 * @param {string} page
 */
function mended(page) {
  const headings = [...page.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) => title.toLowerCase());
  return page.replaceAll(/\]\(#([a-z]+)-1\)/g, (link, name) =>
    headings.filter((heading) => heading === name).length === 1 ? `](#${name})` : link,
  );
}

/**
 * @param {string} folder
 * @returns {Promise<{ file: string, text: string }>} the page of the options, which is not in that folder
 */
async function write(folder) {
  const { Application, ReflectionKind } = /** @type {Typedoc} */ (await import(TYPEDOC));
  const app = await Application.bootstrapWithPlugins({
    ...{ entryPoints: entries.map(({ source }) => source), tsconfig: join(root, 'tsconfig.build.json') },
    ...{ plugin: ['typedoc-plugin-markdown'], outputs: [{ name: 'markdown', path: folder }], router: 'module' },
    ...{ name: 'Reference', readme: 'none', logLevel: 'Warn', skipErrorChecking: true, sortEntryPoints: false },
    ...{ excludeExternals: true, excludePrivate: true, excludeProtected: true, excludeInternal: true },
    // No line numbers: a page changes only where a doc comment or a type does.
    ...{
      disableSources: true,
      hideBreadcrumbs: true,
      hidePageHeader: true,
      useCodeBlocks: true,
      expandParameters: true,
    },
    ...{ parametersFormat: 'table', interfacePropertiesFormat: 'table', typeDeclarationFormat: 'table' },
  });
  const project = await app.convert();
  if (project === undefined) throw new Error('typedoc could not read the sources');
  project.children?.forEach((entry, index) => (entry.name = entries[index]?.page ?? entry.name));
  for (const parameter of project.getReflectionsByKind(ReflectionKind.Parameter)) {
    // A parameter that is taken apart in the source has no name there.
    if (parameter.name === '__namedParameters') parameter.name = 'options';
  }
  await app.generateOutputs(project);
  if (app.logger.hasErrors() || app.logger.hasWarnings()) throw new Error('typedoc complains: see above');
  for (const name of readdirSync(folder)) {
    writeFileSync(join(folder, name), mended(shortened(readFileSync(join(folder, name), 'utf8'))));
  }
  return optionsPage(project.getReflectionsByKind(ReflectionKind.Interface));
}

/** @param {string} folder @returns {Record<string, string>} the pages that are generated, by their paths */
function pagesIn(folder) {
  const names = readdirSync(folder).filter((name) => !BY_HAND.includes(name));
  return Object.fromEntries(names.map((name) => [join(target, name), readFileSync(join(folder, name), 'utf8')]));
}

/** @returns {Promise<Record<string, string>>} every page as it has to be, by its path */
async function generated() {
  // Typedoc empties the folder that it writes into.
  const scratch = mkdtempSync(join(tmpdir(), 'vfs-lockfile-reference-'));
  try {
    const { file, text } = await write(scratch);
    return { ...pagesIn(scratch), [file]: text };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

const fresh = await generated();
const kept = pagesIn(target);
if (process.argv.includes('--check')) {
  const gone = Object.keys(kept).filter((path) => fresh[path] === undefined);
  const old = Object.keys(fresh).filter((path) => !existsSync(path) || readFileSync(path, 'utf8') !== fresh[path]);
  if (gone.length + old.length > 0) console.error(`not current (npm run reference): ${[...gone, ...old].join(', ')}`);
  process.exitCode = gone.length + old.length > 0 ? 1 : 0;
} else {
  for (const path of Object.keys(kept)) if (fresh[path] === undefined) rmSync(path);
  for (const [path, text] of Object.entries(fresh)) writeFileSync(path, text);
}
