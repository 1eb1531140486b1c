import { aborts } from './cases/aborts.js';
import { appends } from './cases/appends.js';
import type { CaseContext, Behaviour } from './behaviour.js';
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
import { checkCallback, checkOptions, NUMBER, type OptionKinds } from '../util/option-check.js';

const BEHAVIOURS: readonly Behaviour[] = [
  ...[capabilities, conditions, versions, contents, wholeness, races, clock].flat(),
  ...[paths, longPaths, plainFiles, appends, streams, moves, folders, aborts, watching].flat(),
  ...synchronously([conditions, versions, contents].flat()),
];

const OPTIONS: OptionKinds<ConformanceOptions> = { rounds: NUMBER, patienceMs: NUMBER };

/**
 * The contract of `Vfs` as test cases for any test runner. `make` is called once for each case.
 *
 * @throws {LockOptionError} `ERR_LOCK_OPTION`: an option is unknown or unusable, or `make` is no function.
 * @example
 * const make = async () => ({ vfs: memVfs(), dispose: async () => {} });
 * for (const { name, run } of conformance(make)) test(name, run);
 */
export function conformance(make: MakeVfs, options: ConformanceOptions = {}): readonly ConformanceCase[] {
  checkCallback('make', make, 'conformance(make, options)');
  checkOptions('conformance', options, OPTIONS);
  return BEHAVIOURS.map((behaviour) => ({
    name: behaviour.name,
    needs: behaviour.needs?.map(({ label }) => label).join(', '),
    run: (...[context]) => runCase(behaviour, make, options, context),
  }));
}

async function runCase(
  behaviour: Behaviour,
  make: MakeVfs,
  options: ConformanceOptions,
  context: SkipContext | undefined,
): Promise<void> {
  const tested = await make();
  const missing = behaviour.needs?.find(({ met }) => !met(tested.vfs));
  await withDisposal(tested, async () => {
    if (missing === undefined) await behaviour.check(contextOf(tested, options));
  });
  if (missing === undefined) return;
  const reason = `needs ${missing.label}`;
  if (typeof context?.skip !== 'function') throw new Error(`not tested: the case ${reason}`);
  context.skip(reason);
}

/** If the case itself fails, its error is reported and not one of the disposal. */
async function withDisposal(tested: VfsUnderTest, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    await tested.dispose().catch(() => undefined);
    throw error;
  }
  await tested.dispose();
}

function contextOf({ vfs, rivals = [], folder = '' }: VfsUnderTest, options: ConformanceOptions): CaseContext {
  const { rounds = 50, patienceMs = 20_000 } = options;
  const path = (name: string): string => (folder === '' ? name : `${folder}/${name}`);
  return { vfs, clients: [vfs, ...rivals], folder, rounds, patienceMs, path };
}
