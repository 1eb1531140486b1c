import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { lacks } from '../../support/needs.js';
import { startDaemon } from '../../support/process.js';

export const POSTGRES_PACKAGES = ['postgresql', 'postgresql-client'];

const VERSIONS = '/usr/lib/postgresql';

/** The folder of its programs. Undefined: it is not installed. */
function programs(): string | undefined {
  const [version] = existsSync(VERSIONS) ? readdirSync(VERSIONS).sort() : [];
  return version && join(VERSIONS, version, 'bin');
}

/** Why there is no PostgreSQL for the tests; undefined: there is one. */
export function missingPostgres(): string | undefined {
  return programs() === undefined ? lacks('PostgreSQL') : undefined;
}

/** A server of its own, in a new folder, that only a socket in there leads to. */
export interface Postgres {
  /** Runs statements in one session, with what its rows say, line by line. */
  run(sql: string): Promise<readonly string[]>;
  stop(): Promise<void>;
}

export async function startPostgres(): Promise<Postgres> {
  const bin = programs() ?? '';
  const folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-pg-'));
  // It refuses to run as root, and its package makes a user for it.
  const asUser = process.getuid?.() === 0 ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups'] : [];
  if (asUser.length > 0) chownSync(folder, idOf('-u'), idOf('-g'));
  const data = join(folder, 'data');
  const [program = '', ...initialise] = [
    ...asUser,
    ...[join(bin, 'initdb'), '-D', data, '-U', 'tester', '--auth=trust', '--no-sync'],
  ];
  execFileSync(program, initialise, { stdio: 'pipe' });
  const client = ['-h', folder, '-U', 'tester', '-d', 'postgres', '-X', '-q', '-t', '-A', '-v', 'ON_ERROR_STOP=1'];
  const isUp = (): boolean => spawnSync(join(bin, 'psql'), [...client, '-c', 'SELECT 1']).status === 0;
  const [first = '', ...rest] = [
    ...asUser,
    ...[join(bin, 'postgres'), '-D', data, '-k', folder, '-c', 'listen_addresses=', '-c', 'fsync=off'],
  ];
  const running = await startDaemon([first, ...rest], isUp);
  return {
    run: async (sql) => {
      const { stdout } = await promisify(execFile)(join(bin, 'psql'), [...client, '-c', sql]);
      return stdout.split('\n').filter((line) => line !== '');
    },
    stop: async () => {
      await running.stop('SIGINT');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function idOf(which: '-u' | '-g'): number {
  return Number(execFileSync('id', [which, 'postgres'], { encoding: 'utf8' }));
}
