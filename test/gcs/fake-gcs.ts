import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { answersHttp } from '../s3/http.js';
import { freePort, must, startDaemon, type Running } from '../sftp/process.js';

/**
 * The first release that keeps the conditions of every kind of upload (#2308). Those of deletes and copies came a day after it
 * (#2343), and no release has them yet. With one that has, servers.ts may say `removes: true`, which each start proves by effect.
 */
const VERSION = '1.56.1';
const MODULE = `github.com/fsouza/fake-gcs-server@v${VERSION}`;

const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'vfs-lockfile-ci');
const home = join(cache, `fake-gcs-server-${VERSION}`);
const binary = join(home, 'fake-gcs-server');

export const HOW_TO_GET_FAKE_GCS = `GOBIN=${home} go install ${MODULE}`;

/** Builds it from the Go module proxy, which takes minutes, unless it was built before. False: it could not be had. */
export function fetchFakeGcs(): boolean {
  if (existsSync(binary)) return true;
  if (spawnSync('go', ['version']).status !== 0) return false;
  must('env', `GOBIN=${home}`, 'GOFLAGS=', 'go', 'install', MODULE);
  return existsSync(binary);
}

export interface FakeGcs extends Running {
  readonly endpoint: string;
}

export async function startFakeGcs(): Promise<FakeGcs> {
  const port = String(await freePort());
  const address = `127.0.0.1:${port}`;
  const endpoint = `http://${address}`;
  const place = ['-host', '127.0.0.1', '-port', port, '-public-host', address, '-external-url', endpoint];
  const command = [binary, '-backend', 'memory', '-scheme', 'http', '-log-level', 'error', ...place] as const;
  return { ...(await startDaemon(command, () => answersHttp(endpoint))), endpoint };
}
