import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
  readonly bin: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional: boolean }>>;
}

/** The package, packed and installed alone in a folder of its own. */
export interface Installation {
  readonly tarball: string;
  /** The paths in the tarball, with the mode of each. */
  readonly files: readonly (readonly [string, number])[];
  readonly home: string;
}

/** The same for tests: the package as a user gets it. */
export interface Packed extends Omit<Installation, 'files'> {
  readonly files: ReadonlyMap<string, number>;
  readonly manifest: Manifest;
  /** How code in that folder spells each subpath. */
  readonly specifiers: readonly string[];
  /** Runs a command in that folder, with nothing of this test run in its environment. */
  run(command: string, ...args: readonly string[]): Promise<Outcome>;
  /** For whoever had it packed. */
  remove(): Promise<void>;
}

export async function pack(): Promise<Installation> {
  const home = await mkdtemp(join(secludedFolder(), 'vfs-lockfile-packed-'));
  const flags = ['--ignore-scripts', '--json', '--pack-destination', home];
  const listing = JSON.parse(await succeed(ROOT, 'npm', 'pack', ...flags)) as readonly [NpmPack];
  const tarball = join(home, listing[0].filename);
  await writeFile(join(home, 'package.json'), '{ "private": true, "type": "module" }\n');
  await succeed(home, 'npm', 'install', '--offline', '--no-audit', '--no-fund', tarball);
  return { tarball, home, files: listing[0].files.map(({ path, mode }) => [path, mode]) };
}

export function usePacked({ tarball, home, files }: Installation): Packed {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;
  return {
    ...{ tarball, home, manifest, files: new Map(files) },
    specifiers: Object.keys(manifest.exports).map((subpath) => manifest.name + subpath.slice(1)),
    run: (command, ...args) => run(home, command, ...args),
    remove: () => rm(home, { recursive: true, force: true }),
  };
}

interface NpmPack {
  readonly filename: string;
  readonly files: readonly { readonly path: string; readonly mode: number }[];
}

/** Node looks for packages in every folder above; one that happens to stand there must not pass for an installed one. */
function secludedFolder(): string {
  const candidates = [tmpdir(), '/var/tmp', homedir()];
  const found = candidates.find(
    (folder) => !foldersUpFrom(folder).some((above) => existsSync(join(above, 'node_modules'))),
  );
  if (found === undefined) throw new Error(`a node_modules stands in or above each of ${candidates.join(', ')}`);
  return found;
}

function foldersUpFrom(folder: string): readonly string[] {
  const above = dirname(folder);
  return above === folder ? [folder] : [folder, ...foldersUpFrom(above)];
}

/** Something that this project has installed for its own use. */
export function tool(path: string): string {
  return join(ROOT, 'node_modules', path);
}

async function succeed(cwd: string, command: string, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(cwd, command, ...args);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${stdout}${stderr}`);
  return stdout;
}

function run(cwd: string, command: string, ...args: readonly string[]): Promise<Outcome> {
  const { PATH, HOME } = process.env;
  return new Promise((resolve, reject) => {
    execFile(command, args, { cwd, env: { PATH, HOME }, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code;
      if (typeof code === 'number') resolve({ code, stdout, stderr });
      else reject(error ?? new Error(`${command} ended without an exit code`));
    });
  });
}
