// @ts-check
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const target = join(root, 'dist');
const fresh = `${target}.${process.pid}.new`;
const old = `${target}.${process.pid}.old`;
const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');

/** @param {readonly string[]} flags */
function compile(...flags) {
  const config = ['-p', join(root, 'tsconfig.build.json'), '--outDir', fresh];
  execFileSync(process.execPath, [compiler, ...config, ...flags], { stdio: 'inherit' });
}

try {
  // Two passes: doc comments belong into the types, where editors read them, and not into what is loaded at run time.
  compile('--declaration', '--emitDeclarationOnly');
  compile('--noCheck', '--removeComments');
  const main = join(fresh, 'cli', 'main.js');
  if (existsSync(main)) chmodSync(main, 0o755);
  if (existsSync(target)) renameSync(target, old);
  renameSync(fresh, target);
} catch (error) {
  // The compiler has already said what is wrong.
  if (!(error instanceof Error && 'status' in error)) throw error;
  process.exitCode = 1;
} finally {
  for (const folder of [fresh, old]) rmSync(folder, { recursive: true, force: true });
}
