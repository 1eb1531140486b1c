import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { pack, type Outcome, type Packed, usePacked } from '../../package/packed.js';
import { consumer, missingConsumers } from './consumers.js';

const lacking = missingConsumers();
const NODE = process.execPath;

let packed: Packed;
let optional: readonly string[];
beforeAll(async () => {
  packed = usePacked(await pack());
  optional = Object.keys(packed.manifest.peerDependenciesMeta);
  await put('entry.mjs', LOCKS);
});
afterAll(() => packed.remove());

const LOCKS = `
import { withLock } from 'vfs-lockfile';
await withLock('./some.csv', (file) => console.log('locked', file.name));
`;
const LOCKED = { code: 0, stdout: 'locked some.csv\n' };

function put(name: string, text: string): Promise<void> {
  return writeFile(join(packed.home, name), text);
}

/** Runs a script that may require or import the installed programs by their paths. */
async function runScript(name: string, text: string): Promise<Outcome> {
  await put(name, text);
  return packed.run(NODE, name);
}

const quote = JSON.stringify;

describe.skipIf(lacking !== undefined)(`U18: bundlers${lacking ? `: ${lacking}` : ''}`, () => {
  test('esbuild warns of nothing, and the bundle locks', async () => {
    const flags = ['--bundle', '--platform=node', '--format=esm', '--log-level=info', '--outfile=by-esbuild.mjs'];
    const { code, stderr } = await packed.run(consumer('.bin/esbuild'), 'entry.mjs', ...flags);
    expect([code, /warning/i.test(stderr)], stderr).toEqual([0, false]);
    expect(await packed.run(NODE, 'by-esbuild.mjs')).toMatchObject(LOCKED);
  });

  test('rollup warns of nothing where the optional packages are external, and the bundle locks', async () => {
    const script = `
      import { rollup } from ${quote(consumer('rollup/dist/es/rollup.js'))};
      import resolve from ${quote(consumer('@rollup/plugin-node-resolve/dist/es/index.js'))};
      const external = ${quote(optional)};
      const onwarn = ({ message }) => console.log(message);
      const bundle = await rollup({ input: 'entry.mjs', external, onwarn, plugins: [resolve({ preferBuiltins: true })] });
      await bundle.write({ dir: 'by-rollup', format: 'es' });`;
    expect(await runScript('rollup.mjs', script)).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect(await packed.run(NODE, 'by-rollup/entry.js')).toMatchObject(LOCKED);
  });

  test('webpack warns of optional packages that are not installed, of nothing else, and the bundle locks', async () => {
    const script = (more: string): string => `
      const webpack = require(${quote(consumer('webpack'))});
      const output = { path: __dirname + '/by-webpack', module: true, chunkFormat: 'module', filename: 'main.mjs' };
      const experiments = { outputModule: true };
      const mode = { mode: 'development', devtool: false, target: 'node20' };
      const { length, ...ignoring } = { length: 0, ${more} };
      webpack({ ...mode, entry: './entry.mjs', experiments, output, ...ignoring }, (error, stats) => {
        if (error) throw error;
        const { errors, warnings } = stats.toJson();
        console.log(JSON.stringify({ errors, warnings: warnings.map(({ message }) => message.split('\\n')[0]) }));
      });`;
    const { stdout } = await runScript('webpack.cjs', script(''));
    const { errors, warnings } = JSON.parse(stdout) as {
      readonly errors: unknown;
      readonly warnings: readonly string[];
    };
    const named = warnings.map((message) => /^Module not found: Error: Can't resolve '(.*)' in/.exec(message)?.[1]);
    expect(errors).toEqual([]);
    expect(optional).toEqual(expect.arrayContaining(named));
    const silent = await runScript('silent.cjs', script('ignoreWarnings: [{ module: /vfs-lockfile/ }]'));
    expect(silent).toMatchObject({ code: 0, stdout: '{"errors":[],"warnings":[]}\n' });
    expect(await packed.run(NODE, 'by-webpack/main.mjs')).toMatchObject(LOCKED);
  });
});

describe.skipIf(lacking !== undefined)(`B21, U17: Jest${lacking ? `: ${lacking}` : ''}`, () => {
  const jest = (file: string, ...environment: readonly string[]): Promise<Outcome> =>
    packed.run('env', ...environment, consumer('.bin/jest'), '--config', 'jest.config.json', file);
  const WITH_MODULES = 'NODE_OPTIONS=--experimental-vm-modules';

  beforeAll(async () => {
    const config = { transform: {}, testEnvironment: 'node', testMatch: ['**/*.jest.*'] };
    await put('jest.config.json', quote({ ...config, moduleFileExtensions: ['mjs', 'cjs', 'js'] }));
    const body = `expect(await withLock('./some.csv', () => 42)).toBe(42);`;
    const again = `jest.useFakeTimers(); ${body} jest.useRealTimers(); ${body}`;
    const imports = `import { jest } from '@jest/globals';\nimport { withLock } from 'vfs-lockfile';`;
    await put('modules.jest.mjs', `${imports}\ntest('locks, also under fake timers', async () => { ${again} });`);
    const late = `const { withLock } = await import('vfs-lockfile');`;
    await put('late.jest.cjs', `test('locks', async () => { ${late} ${again} });`);
    await put(
      'require.jest.cjs',
      `const { withLock } = require('vfs-lockfile');\ntest('locks', async () => { ${body} });`,
    );
  });

  test.each(['modules.jest.mjs', 'late.jest.cjs'])('with its mode for ES modules takes %s', async (file) => {
    const { code, stderr } = await jest(file, WITH_MODULES);
    expect(code, stderr).toBe(0);
  });

  test('says what to do where a test requires the package', async () => {
    const { code, stderr } = await jest('require.jest.cjs', WITH_MODULES);
    // From Node 24.9 on Jest can require ES modules.
    if (code !== 0) expect(stderr).toContain('Must use import to load ES Module');
  });
});

describe.skipIf(lacking !== undefined)(`other runtimes${lacking ? `: ${lacking}` : ''}`, () => {
  const COMMAND = 'node_modules/vfs-lockfile/dist/cli/main.js';

  test.each([
    ['Bun', consumer('.bin/bun'), []],
    ['Deno', consumer('.bin/deno'), ['run', '--allow-all']],
  ])('%s runs the library and the command line', async (_name, program, args) => {
    expect(await packed.run(program, ...args, 'entry.mjs')).toMatchObject(LOCKED);
    const ran = await packed.run(program, ...args, COMMAND, 'run', 'some.csv', '--', 'echo', 'ran');
    expect(ran).toMatchObject({ code: 0, stdout: 'ran\n' });
    expect(await packed.run(program, ...args, COMMAND, 'status', 'some.csv')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('free') as string,
    });
  });
});
