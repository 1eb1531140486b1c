import type { Content } from './content.js';
import type { Hand, Scenario, Script } from './scenario.js';
import { meeting, withLookUpsApart } from './scenarios.js';
import type { Steps } from '../../../src/util/steps.js';
import type { System } from './system.js';

/** Renews its own record `times` times, then releases it, as far as it still can. */
function* renewAndRelease(hand: Hand, first: Content, times: number): Steps<boolean> {
  let mine = first;
  for (let renewals = 0; renewals < times; renewals += 1) {
    const next = hand.fresh();
    if (!(yield* hand.change(mine, next))) return false;
    mine = next;
  }
  return yield* hand.change(mine, undefined);
}

/** Takes the free lock, renews it, and releases it. */
function live(renewals: number): Script {
  return function* (hand) {
    const mine = hand.fresh();
    if (yield* hand.change(undefined, mine)) yield* renewAndRelease(hand, mine, renewals);
  };
}

/** Takes over what it sees, renews that, and releases it. */
const thieve: Script = function* (hand) {
  const seen = yield* hand.look();
  if (seen === undefined) return;
  const mine = hand.fresh();
  if (yield* hand.change(seen, mine)) yield* renewAndRelease(hand, mine, 1);
};

/** Takes over what it sees, releases that at once, and takes the free lock: the same name is a third record by then. */
const thieveAndTake: Script = function* (hand) {
  const seen = yield* hand.look();
  if (seen === undefined) return;
  const mine = hand.fresh();
  if (!(yield* hand.change(seen, mine)) || !(yield* renewAndRelease(hand, mine, 0))) return;
  yield* live(0)(hand);
};

/** Removes what it sees, as an operator or `sweep` does, and takes the lock. */
const forceAndTake: Script = function* (hand) {
  yield* clear(hand);
  yield* live(0)(hand);
};

/** Removes what it sees. */
const clear: Script = function* (hand) {
  const seen = yield* hand.look();
  if (seen !== undefined) yield* hand.change(seen, undefined);
};

/** Removes every holder's folder, in use or not, as somebody who clears up by age may do. */
const sweep: Script = (hand) => hand.sweep();

/** Takes the free lock again after a first time. */
const liveTwice: Script = function* (hand) {
  yield* live(0)(hand);
  yield* live(0)(hand);
};

/** Nobody needs the guard for changes of their own, so one that a killed thief left stays until the next theft or `sweep`. */
const SYSTEM: System = { guardMayStay: true };

const thief = meeting('create, release / thief, renew, release', undefined, [live(0), thieve], SYSTEM);
const renewals = meeting('create, renew twice, release / thief, renew, release', undefined, [live(2), thieve], SYSTEM);

/** Holders who act through their private folders, and those who take their locks away. */
export const holding: readonly Scenario[] = [
  renewals,
  thief,
  meeting('create, renew twice, release / force, create, release', undefined, [live(2), forceAndTake], SYSTEM),
  meeting('create, renew, release / thief, release, create, release', undefined, [live(1), thieveAndTake], SYSTEM),
  meeting('create, release / create, release', undefined, [live(0), live(0)], SYSTEM),
  meeting('create, release, both twice / the same', undefined, [liveTwice, liveTwice], SYSTEM),
  meeting('create, renew twice, release / sweeper', undefined, [live(2), sweep], SYSTEM),
  meeting('create, release / thief, renew, release, without hard links', undefined, [live(0), thieve], {
    ...SYSTEM,
    hardLinks: 'asked not to',
  }),
];

/** Three parties, any of whom may be killed: the second thief of a dead holder, a creator and a sweeper beside holder and thief. */
export const holdingThree: readonly Scenario[] = [
  meeting('create, renew / thief / thief', undefined, [live(1), thieve, thieve], SYSTEM),
  meeting('create, renew / thief / creator', undefined, [live(1), thieve, live(0)], SYSTEM),
  meeting('create, renew / thief / sweeper', undefined, [live(1), thieve, sweep], SYSTEM),
];

/** The same with look-ups apart: what needs the guard, and what needs the holder's folder. */
export const holdingApart: readonly Scenario[] = holding.map(apart);

export const thiefOfHolder: Scenario = thief;
export const thiefOfHolderApart: Scenario = apart(thief);
export const thiefOfRenewals: Scenario = renewals;

function apart(scenario: Scenario): Scenario {
  const { name, system } = withLookUpsApart(scenario);
  return { ...scenario, name, system: { ...scenario.system, ...system } };
}

/** Takes the free lock, and renews it. */
const takeAndRenew: Script = function* (hand) {
  const mine = hand.fresh();
  if (yield* hand.change(undefined, mine)) yield* hand.change(mine, hand.fresh());
};

/**
 * R4: a renewal that was given up may still be under way when the same process releases. Its memory is in no state: play each
 * schedule.
 */
export const givenUp: Scenario = {
  ...meeting('create, renew / release by the same process', undefined, [takeAndRenew, clear], SYSTEM),
  oneParty: true,
};

/** The same, and who took the lock releases it. */
export const givenUpLonger: Scenario = {
  ...meeting('create, renew, release / release by the same process', undefined, [live(1), clear], SYSTEM),
  oneParty: true,
};
