import { aborts } from './aborts.js';
import type { Arena, Behaviour } from './behaviour.js';
import { capabilities } from './capabilities.js';
import type { ConformanceCase, ConformanceOptions, MakeVfs, SkipContext, VfsUnderTest } from './case.js';
import { clock } from './clock.js';
import { conditions } from './conditions.js';
import { contents } from './contents.js';
import { folders } from './folders.js';
import { longPaths } from './long-paths.js';
import { moves } from './moves.js';
import { paths } from './paths.js';
import { plainFiles } from './plain-files.js';
import { races } from './races.js';
import { streams } from './streams.js';
import { synchronously } from './sync-face.js';
import { versions } from './versions.js';
import { watching } from './watching.js';
import { wholeness } from './wholeness.js';

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
