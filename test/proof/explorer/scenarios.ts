import { content } from './content.js';
import type { Scenario, Script } from './scenario.js';
import type { System } from './system.js';

/** What the lock file is at first, where it is not free. */
export const held = content('held');

/** Takes over the stale lock that it saw. */
const steal: Script = (hand) => hand.change(held, hand.fresh());

/** Gives back the lock that it holds. */
const release: Script = (hand) => hand.change(held, undefined);

/** Renews the lock that it holds, and once more if it still does. */
const renew: Script = function* (hand) {
  const first = hand.fresh();
  if (yield* hand.change(held, first)) yield* hand.change(first, hand.fresh());
};

/** Clears the stale lock away that it saw, and then takes its chance like everybody. */
const clearAndCreate: Script = function* (hand) {
  yield* hand.change(held, undefined);
  yield* hand.change(undefined, hand.fresh());
};

/** Takes the free lock, gives it back, takes it again. */
const createRemoveCreate: Script = function* (hand) {
  const first = hand.fresh();
  if (yield* hand.change(undefined, first)) yield* hand.change(first, undefined);
  yield* hand.change(undefined, hand.fresh());
};

/** Takes the free lock, or takes over whatever stands in its place; then gives it back if it is still its own. */
const takeAnyway: Script = function* (hand) {
  let mine = hand.fresh();
  if (!(yield* hand.change(undefined, mine))) {
    const seen = yield* hand.look();
    mine = hand.fresh();
    if (seen === undefined || !(yield* hand.change(seen, mine))) return;
  }
  yield* hand.change(mine, undefined);
};

export function meeting(
  name: string,
  initial: Scenario['initial'],
  scripts: readonly Script[],
  system: System = {},
): Scenario {
  return { name, initial, scripts, system };
}

export const stealSteal = meeting('steal / steal', held, [steal, steal]);
export const stealRelease = meeting('steal / release', held, [steal, release]);
export const releaseRelease = meeting('release / release', held, [release, release]);

/** Two parties who change the same version of the file. */
export const pairs: readonly Scenario[] = [
  stealSteal,
  stealRelease,
  releaseRelease,
  meeting('renew, renew / steal', held, [renew, steal]),
];

export const clearing = meeting('clear, create / clear, create', held, [clearAndCreate, clearAndCreate]);
export const taking = meeting('create, remove, create / the same', undefined, [createRemoveCreate, createRemoveCreate]);

/** Two parties with longer stories. */
export const longer: readonly Scenario[] = [
  clearing,
  taking,
  meeting('create, remove, create / create or look and steal, remove', undefined, [createRemoveCreate, takeAnyway]),
  { ...taking, name: `${taking.name}, without hard links`, system: { hardLinks: 'asked not to' } },
];

export function withLookUpsApart(scenario: Scenario): Scenario {
  return { ...scenario, name: `${scenario.name}, look-ups apart`, system: { lookUps: 'apart' } };
}

/** Pairs where file systems or kernels leave less to rely on. */
export const hardships: readonly Scenario[] = [stealSteal, stealRelease, releaseRelease].flatMap((scenario) => [
  withLookUpsApart(scenario),
  { ...scenario, name: `${scenario.name}, no rename onto an empty directory`, system: { renameOntoEmpty: 'refused' } },
]);
