import { aborts } from './cases/aborts.js';
import type { Arena, Behaviour } from './behaviour.js';
import { capabilities } from './cases/capabilities.js';
import type { ConformanceCase, ConformanceOptions, MakeVfs, SkipContext, VfsUnderTest } from './case.js';
import { clock } from './cases/clock.js';
import { conditions } from './cases/conditions.js';
import { contents } from './cases/contents.js';
import { folders } from './cases/folders.js';
import { longPaths } from './cases/long-paths.js';
import { moves } from './cases/moves.js';
import { paths } from './cases/paths.js';
import { plainFiles } from './cases/plain-files.js';
import { races } from './cases/races.js';
import { streams } from './cases/streams.js';
import { synchronously } from './cases/sync-face.js';
import { versions } from './cases/versions.js';
import { watching } from './cases/watching.js';
import { wholeness } from './cases/wholeness.js';

const BEHAVIOURS: readonly Behaviour[] = [
  ...[capabilities, conditions, versions, contents, wholeness, races, clock].flat(),
  ...[paths, longPaths, plainFiles, streams, moves, folders, aborts, watching].flat(),
  ...synchronously([conditions, versions, contents].flat()),
];

/**
 * The contract of `Vfs` as cases for any test runner: `for (const { name, run } of conformance(make)) test(name, run)`.
 * `make` is called anew for each case.
 */
export function conformance(make: MakeVfs, options: ConformanceOptions = {}): readonly ConformanceCase[] {
  return BEHAVIOURS.map((behaviour) => ({
    name: behaviour.name,
    needs: behaviour.needs?.map(({ words }) => words).join(', '),
    run: (...[context]) => perform(behaviour, make, options, context),
  }));
}

async function perform(
  behaviour: Behaviour,
  make: MakeVfs,
  options: ConformanceOptions,
  context: SkipContext | undefined,
): Promise<void> {
  const made = await make();
  const lacking = behaviour.needs?.find(({ met }) => !met(made.vfs));
  await disposing(made, async () => {
    if (lacking === undefined) await behaviour.check(arenaOf(made, options));
  });
  if (lacking === undefined) return;
  const reason = `needs ${lacking.words}`;
  if (typeof context?.skip !== 'function') throw new Error(`not tried: the case ${reason}`);
  context.skip(reason);
}

/** A failure of the case itself is more telling than what it then left behind. */
async function disposing(made: VfsUnderTest, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    await made.dispose().catch(() => undefined);
    throw error;
  }
  await made.dispose();
}

function arenaOf({ vfs, rivals = [], folder = '' }: VfsUnderTest, options: ConformanceOptions): Arena {
  const { rounds = 50, patienceMs = 20_000 } = options;
  const path = (name: string): string => (folder === '' ? name : `${folder}/${name}`);
  return { vfs, doors: [vfs, ...rivals], folder, rounds, patienceMs, path };
}
