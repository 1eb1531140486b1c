import { readFile, writeFile } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { publint } from 'publint';
import ts from 'typescript';
import { describe, expect, inject, it } from 'vitest';

import { tool, usePacked } from './packed.js';

const NODE = process.execPath;
const RESOLUTIONS = pathToFileURL(fileURLToPath(new URL('../support/resolutions.mjs', import.meta.url))).href;

const packed = usePacked(inject('packed'));

/** Everything that anything tried to resolve while `code` ran as a module. */
async function resolvedBy(code: string): Promise<readonly string[]> {
  const log = join(packed.home, 'resolutions.log');
  await writeFile(log, '');
  const script = join(packed.home, 'script.mjs');
  await writeFile(script, code);
  const { code: exit, stderr } = await packed.run('env', `RESOLUTIONS=${log}`, NODE, '--import', RESOLUTIONS, script);
  expect(stderr).toBe('');
  expect(exit).toBe(0);
  return (await readFile(log, 'utf8')).split('\n').filter((line) => line !== '');
}

function packagesIn(resolved: readonly string[]): readonly string[] {
  const ours = new RegExp(`^(\\.|/|file:|node:|data:|${packed.manifest.name}(/|$))`);
  return resolved.filter((specifier) => !ours.test(specifier) && !builtinModules.includes(specifier));
}

/** Of other packages whose code is bundled: a regular expression and a comment are long there, and are not ours to rewrite. */
const LONG_LINES_OF_OTHERS = ['node_modules/ansi-regex/index.js', 'node_modules/string-width/index.js'];

/** The lines over 200 characters. Each bundled module begins with a comment that says its path. */
function longLinesOf(text: string): readonly string[] {
  let module = '';
  return text.split('\n').filter((line) => {
    module = /^\/\/ ((src|node_modules)\/\S+)$/.exec(line)?.[1] ?? module;
    return line.length > 200 && !LONG_LINES_OF_OTHERS.includes(module);
  });
}

describe('the packed tarball', () => {
  it('U20: carries its code, types, licences, README and manifest, and neither source, nor tests, nor examples', () => {
    const names = [...packed.files.keys()];
    const documents = [
      'LICENSE',
      'README.md',
      'package.json',
      'dist/THIRD-PARTY-LICENSES',
      'dist/cli/output.schema.json',
      'dist/cli/vfs-lockfile.1',
    ];
    expect(names).toEqual(expect.arrayContaining([...documents, 'dist/index.js', 'dist/index.d.ts']));
    const code =
      /^dist\/(index|open|(admin|backends|cli|conformance|fencing|inbox|journal|lock|otel|serve|shared|testing|util|vfs)\/[\w/-]+)\.(js|d\.ts)$/;
    expect(names.filter((name) => !documents.includes(name) && !code.test(name))).toEqual([]);
  });

  it('U16: is code that a person can read: with its comments, without long lines or numbered files', async () => {
    const names = [...packed.files.keys()].filter((name) => name.endsWith('.js'));
    expect(names.filter((name) => /\d\.js$/.test(name))).toEqual([]);
    const texts = new Map<string, string>();
    for (const name of names)
      texts.set(name, await readFile(join(packed.home, 'node_modules/vfs-lockfile', name), 'utf8'));
    expect(texts.get('dist/shared/core.js')).toContain('/** ');
    const long = [...texts].flatMap(([name, text]) => longLinesOf(text).map((line) => `${name}: ${line}`));
    expect(long).toEqual([]);
  });

  it('starts the guardian process without the code of locks and stores', async () => {
    const shared = join(packed.home, 'node_modules/vfs-lockfile/dist/shared');
    const loaded = new Set(['cli-guardian-guardian.js']);
    for (const name of loaded) {
      const code = await readFile(join(shared, name), 'utf8');
      for (const [, imported = ''] of code.matchAll(/ from '\.\/(.*\.js)';$/gm)) loaded.add(imported);
    }
    expect([...loaded].sort()).toEqual(['cli-guardian-group.js', 'cli-guardian-guardian.js', 'core-of-guardian.js']);
  });

  it('keeps doc comments in the types', async () => {
    expect(await readFile(join(packed.home, 'node_modules/vfs-lockfile/dist/lock/lockfile.d.ts'), 'utf8')).toContain(
      '/** ',
    );
  });

  it('has nothing that publint would mention', async () => {
    const { messages } = await publint({
      pkgDir: join(packed.home, 'node_modules', packed.manifest.name),
      pack: false,
      strict: true,
      level: 'suggestion',
    });
    expect(messages).toEqual([]);
  });

  it.each([
    ['node10', undefined],
    ['node16', ts.ModuleKind.CommonJS],
    ['nodenext', ts.ModuleKind.ESNext],
    ['bundler', undefined],
  ] as const)('B21, U17: has types for every subpath that %s finds', (moduleResolution, mode) => {
    const { options } = ts.convertCompilerOptionsFromJson({ moduleResolution }, '');
    const user = join(packed.home, 'user.ts');
    for (const specifier of packed.specifiers.filter((each) => !each.endsWith('.json'))) {
      const { resolvedModule } = ts.resolveModuleName(specifier, user, options, ts.sys, undefined, undefined, mode);
      expect(resolvedModule?.resolvedFileName, specifier).toMatch(/\/vfs-lockfile\/dist\/[\w/-]+\.d\.ts$/);
    }
  });

  it('has types that are not wrong for ESM', async () => {
    const { code, stdout } = await packed.run(tool('.bin/attw'), '--profile', 'esm-only', '--no-color', packed.tarball);
    expect(stdout).toContain('node16 (from ESM)');
    expect(code, stdout).toBe(0);
  });
});

describe('the installed package', () => {
  it('stands alone, without any of its optional peers', async () => {
    for (const peer of Object.keys(packed.manifest.peerDependenciesMeta)) {
      const { code, stderr } = await packed.run(NODE, '--input-type=module', '-e', `import ${JSON.stringify(peer)}`);
      expect(stderr).toContain('ERR_MODULE_NOT_FOUND');
      expect(code).toBe(1);
    }
  });

  it('imports by every subpath that it exports', async () => {
    expect(packed.specifiers.length).toBeGreaterThan(5);
    for (const specifier of packed.specifiers) {
      const isData = specifier.endsWith('.json');
      const attributes = isData ? ", { with: { type: 'json' } }" : '';
      const code = `const all = await import('${specifier}'${attributes}); console.log(Object.keys(all).length)`;
      const { stdout, stderr } = await packed.run(NODE, '--input-type=module', '-e', code);
      if (!isData) expect(stderr).toBe('');
      expect(Number(stdout), specifier).toBeGreaterThan(0);
    }
  });

  it('is loaded by require() without a warning', async () => {
    const code = `process.stdout.write(typeof require('${packed.manifest.name}').withLock)`;
    await writeFile(join(packed.home, 'script.cjs'), code);
    expect(await packed.run(NODE, 'script.cjs')).toEqual({ code: 0, stdout: 'function', stderr: '' });
  });

  it('U16: shows in a stack trace the functions and the lines that an error comes from', async () => {
    const code = `import { withLock } from '${packed.manifest.name}';
      await withLock('none/some.csv', async () => {}).catch((error) => console.log(error.stack));`;
    const { stdout, stderr } = await packed.run(NODE, '--input-type=module', '-e', code);
    expect(stderr).toBe('');
    const frame =
      /^ +at (?:async )?([\w.]+) \((file:.*\/node_modules\/vfs-lockfile\/dist\/shared\/core\.js):(\d+):\d+\)$/gm;
    const frames = [...stdout.matchAll(frame)];
    const functions = frames.map(([, name]) => name);
    expect(functions).toEqual(expect.arrayContaining(['posixError', 'waitFor', 'Lockfile.acquire']));
    const [, , file = '', line] = frames[0] ?? [];
    const source = (await readFile(new URL(file), 'utf8')).split('\n');
    expect(source[Number(line) - 1]).toContain('new VfsError(');
  });

  it('looks for no other package when it is imported, and none to lock a file on the disk', async () => {
    const { name, peerDependenciesMeta } = packed.manifest;
    const [peer] = Object.keys(peerDependenciesMeta);
    const control = await resolvedBy(`await import('${peer}').catch(() => {}); await import('${name}')`);
    expect(packagesIn(control), 'what the watch on resolutions must see').toEqual([peer]);
    const imported = await resolvedBy(`await import('${name}')`);
    expect(imported).toContain(name);
    expect(packagesIn(imported)).toEqual([]);
    const locking = `import { withLock } from '${name}'; await withLock('./some.csv', async () => {})`;
    expect(packagesIn(await resolvedBy(locking))).toEqual([]);
  });

  describe.each([
    ['s3', '@aws-sdk/client-s3', `s3Vfs({ bucket: 'bucket' })`, 's3://bucket/some.csv'],
    ['gcs', '@google-cloud/storage', `gcsVfs({ bucket: 'bucket' })`, 'gs://bucket/some.csv'],
  ])('/%s', (subpath, sdk, store, uri) => {
    const use = async (code: string): Promise<readonly string[]> => {
      const { name } = packed.manifest;
      const imports = `import { Lockfile, openFile, VfsFile } from '${name}';
        import * as all from '${name}/${subpath}';
        const { s3Vfs, gcsVfs } = all;`;
      return packagesIn(await resolvedBy(`${imports}\n${code}`));
    };

    it('looks for no other package when it is imported, a store is made of it, or a URI is opened', async () => {
      expect(await use(`new VfsFile(${store}, 'some.csv'); await openFile('${uri}');`)).toEqual([]);
    });

    it('looks for its own SDK, and no other package, when something is to be locked', async () => {
      const lock = (file: string): string => `await new Lockfile(${file}).acquire().catch(() => {});`;
      expect(new Set(await use(lock(`new VfsFile(${store}, 'some.csv')`)))).toEqual(new Set([sdk]));
      expect(new Set(await use(lock(`await openFile('${uri}')`)))).toEqual(new Set([sdk]));
    });

    it('says what to install without it, from the command line too', async () => {
      const code = `import { withLock } from '${packed.manifest.name}'; await withLock('${uri}', async () => {})`;
      const library = await packed.run(NODE, '--input-type=module', '-e', code);
      expect(library.stderr).toContain(`npm install ${sdk}`);
      expect(library.code).toBe(1);
      const [command] = Object.keys(packed.manifest.bin);
      const bin = join(packed.home, 'node_modules/.bin', command!);
      for (const args of [
        ['status', uri],
        ['run', uri, '--', 'true'],
        ['ls', uri],
        ['sweep', uri],
        ['doctor', uri],
        ['unlock', uri, '--expect', 'id'],
      ]) {
        const { code: exit, stdout, stderr } = await packed.run(bin, ...args);
        expect({ exit, stdout }, args[0]).toEqual({ exit: 64, stdout: '' });
        expect(stderr, args[0]).toMatch(/^vfs-lockfile: [^\n]*needs the package [^\n]*\n$/);
        expect(stderr).toContain(`npm install ${sdk}`);
      }
    });
  });

  it('says what to install when something in memory is to be locked without memfs', async () => {
    const code = `import { withLock } from '${packed.manifest.name}'; await withLock('mem:///some.csv', async () => {})`;
    const { code: exit, stderr } = await packed.run(NODE, '--input-type=module', '-e', code);
    expect(stderr).toContain('npm install memfs');
    expect(exit).toBe(1);
  });

  it('says what to install when telemetry is wanted without OpenTelemetry', async () => {
    const code = `import { startTelemetry } from '${packed.manifest.name}/otel'; await startTelemetry()`;
    const { code: exit, stderr } = await packed.run(NODE, '--input-type=module', '-e', code);
    expect(stderr).toContain('npm install @opentelemetry/api');
    expect(exit).toBe(1);
  });

  it('tells its usage from the command line', async () => {
    for (const [command, file] of Object.entries(packed.manifest.bin)) {
      expect(packed.files.get(file)).toBe(0o755);
      const { code, stdout, stderr } = await packed.run(join(packed.home, 'node_modules/.bin', command), '--help');
      expect(stderr).toBe('');
      expect(stdout).toContain(`${command} run`);
      expect(code).toBe(0);
    }
  });

  it('U19: type-checks in a strict consumer that checks the libraries too', async () => {
    const modules = packed.specifiers.filter((specifier) => !specifier.endsWith('.json'));
    const imports = modules.map((specifier, i) => `import * as m${i} from '${specifier}'; void m${i};`);
    const use = `import { withLock } from 'vfs-lockfile';
      import { gcsVfs, type GcsVfsOptions } from 'vfs-lockfile/gcs';
      import { s3Vfs, type S3VfsOptions } from 'vfs-lockfile/s3';
      class Client { async send(): Promise<void> {} readonly config = {}; }
      export const bucket: S3VfsOptions = { bucket: 'bucket', client: new Client(), conditionalDelete: 'native' };
      export const other: GcsVfsOptions = { bucket: 'bucket', userProject: 'project' };
      export const schemes: string = s3Vfs(bucket).scheme + gcsVfs(other).scheme;
      // @ts-expect-error There is no bucket.
      export const none: S3VfsOptions = { prefix: 'a' };
      export const answer: number = await withLock('./some.csv', async () => 42);
      // @ts-expect-error The result keeps its type.
      export const wrong: string = await withLock('./some.csv', async () => 42);`;
    const consumer = join(packed.home, 'consumer.ts');
    await writeFile(consumer, [...imports, use].join('\n'));
    const { options, errors } = ts.convertCompilerOptionsFromJson(
      {
        ...{ module: 'nodenext', target: 'es2022', strict: true, skipLibCheck: false, noEmit: true },
        ...{ exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, verbatimModuleSyntax: true },
        ...{ types: ['node'], typeRoots: [tool('@types')] },
      },
      packed.home,
    );
    const program = ts.createProgram([consumer], options);
    // To check the types of Node and of the language takes twice as long, and they are not ours.
    const ours = program.getSourceFiles().filter(({ fileName }) => fileName.startsWith(packed.home));
    expect(ours.filter(({ isDeclarationFile }) => isDeclarationFile).length).toBeGreaterThan(50);
    const complaints = [
      ...[...errors, ...program.getOptionsDiagnostics(), ...program.getGlobalDiagnostics()],
      ...ours.flatMap((file) => [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]),
    ];
    expect(ts.formatDiagnostics(complaints, ts.createCompilerHost(options))).toBe('');
  });
});
