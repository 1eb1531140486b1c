// @ts-check
// Makes the page of examples/fencing-demo: one file, dist/index.html, which needs neither a server nor a network.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';

import { rolldown } from 'rolldown';

const here = import.meta.dirname;
const read = (/** @type {string} */ name) => readFileSync(join(here, name), 'utf8');

const NEVER = '\0never:';

/**
 * Replaces Node's modules by those in the folder `node`. What is not there throws when it is called. So does what the library loads
 * only for other stores than memory.
 * @type {import('rolldown').Plugin}
 */
const browser = {
  name: 'browser',
  resolveId(id, _importer, { kind }) {
    if (kind === 'dynamic-import') return NEVER + id;
    return isBuiltin(id) ? `\0${id}` : null;
  },
  async load(id) {
    if (id.startsWith(NEVER))
      return `throw new Error(${JSON.stringify(`${id.slice(NEVER.length)} is not in this page`)});`;
    if (!id.startsWith('\0node:')) return null;
    const name = id.slice('\0node:'.length);
    const own = join(here, 'node', `${name}.ts`);
    const code = existsSync(own) ? readFileSync(own, 'utf8') : '';
    const all = Object.keys(/** @type {object} */ (await import(`node:${name}`))).filter((each) => each !== 'default');
    const there = [...code.matchAll(/^export (?:const|function|class) (\w+)|^export \{(.*)\}/gm)].flatMap(
      ([, each, list]) => each ?? (list ?? '').split(',').map((part) => part.trim().split(' ').at(-1) ?? ''),
    );
    const rest = all.filter((each) => !there.includes(each));
    const lines = rest.map(
      (each) => `export function ${each}() { throw new Error('node:${name} ${each} is not in this page'); }`,
    );
    return [code === '' ? '' : `export * from ${JSON.stringify(own)};`, ...lines].join('\n');
  },
};

/**
 * @param {string} file
 * @param {import('rolldown').OutputOptions} output
 * @param {import('rolldown').Plugin[]} plugins
 * @returns {Promise<string>} the code
 */
async function bundled(file, output, plugins = []) {
  const bundle = await rolldown({ input: join(here, file), platform: 'neutral', plugins, tsconfig: false });
  const made = await bundle.generate({ format: 'iife', minify: true, codeSplitting: false, ...output });
  await bundle.close();
  return made.output[0].code;
}

/** A content security policy names the script by its hash, so that nothing else runs or is loaded. */
function hashOf(/** @type {string} */ text) {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

const globals = await bundled('node/globals.ts', { name: 'globals' }, [browser]);
const library = await bundled('node/library.ts', { name: 'library' }, [browser]);
// Each call is a copy of the library, as each process has one.
const copies = `const loadLibrary = (host) => {
${globals}
const { Buffer, process } = globals;
${library}
return library;
};`;
const script = `${copies}\n${await bundled('page/main.ts', {})}`.replaceAll('</script', '<\\/script');
const style = read('page.css');
const page = read('page.html')
  .replace(
    '{policy}',
    () => `default-src 'none'; img-src data:; script-src ${hashOf(script)}; style-src ${hashOf(style)}`,
  )
  .replace('<style></style>', () => `<style>${style}</style>`)
  .replace('<script></script>', () => `<script>${script}</script>`);
mkdirSync(join(here, 'dist'), { recursive: true });
const target = join(here, 'dist', 'index.html');
writeFileSync(target, page);
console.log(`${target}: ${Math.round(page.length / 1024)} KiB`);
