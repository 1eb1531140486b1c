import { randomInt } from 'node:crypto';
import { tmpdir } from 'node:os';

import { describe, expect, test } from 'vitest';

import { holders, inPlace, naive, pipelined, shipped, type Algorithm } from './explorer/algorithms.js';
import type { Bounds } from './explorer/exhaustive.js';
import { HOLDER_MISTAKES, MISTAKEN } from './explorer/holder-mistakes.js';
import {
  givenUp,
  holding,
  holdingApart,
  thiefOfHolder,
  thiefOfHolderApart,
  thiefOfRenewals,
} from './explorer/holder-scenarios.js';
import * as mutants from './explorer/mutants.js';
import { playSeeds } from './explorer/random.js';
import { differences, linesOf, rowOf, type Report } from './explorer/report.js';
import type { Scenario } from './explorer/scenario.js';
import {
  clearing,
  hardships,
  longer,
  pairs,
  stealRelease,
  stealSteal,
  taking,
  withLookUpsApart,
} from './explorer/scenarios.js';
import { search } from './explorer/search.js';
import { quickDisk } from './explorer/world.js';

const ONE: Bounds = { preemptions: 1, kills: 1 };
const UNKILLED: Bounds = { preemptions: 1, kills: 0 };
const RANDOM_SCHEDULES = 1000;

/** Fails with the simplest schedule that broke the model. */
function expectSound(report: Report): void {
  console.log(rowOf(report));
  expect(report.simplest ? linesOf(report.simplest).join('\n') : '').toBe('');
  expect(report.failed).toBe(0);
}

function expectCaught(scenario: Scenario, algorithm: Algorithm, bounds: Bounds, what: RegExp): void {
  const report = search(quickDisk(), scenario, algorithm, bounds, { plays: 'each' });
  console.log(`caught in ${report.failed} of ${report.schedules} schedules of ${scenario.name}`);
  expect(report.failed).toBeGreaterThan(0);
  expect(report.simplest?.violations.join('\n')).toMatch(what);
  expectSound(search(quickDisk(), scenario, shipped, bounds));
}

describe('two actors change the lock file as if by compare-and-swap', () => {
  test.each([stealSteal, stealRelease])('$name: two preemptions, one killed', (scenario) => {
    const report = search(quickDisk(), scenario, shipped, { preemptions: 2, kills: 1 });
    expectSound(report);
    // Otherwise they only passed one another.
    expect(report.seen.evictions).toBeGreaterThan(0);
    expect(report.seen.lateActs).toBeGreaterThan(0);
  });

  test.each([...pairs.slice(2), ...hardships])('$name: one preemption, one killed', (scenario) => {
    expectSound(search(quickDisk(), scenario, shipped, ONE));
  });

  test.each(longer)('$name: one preemption', (scenario) => {
    expectSound(search(quickDisk(), scenario, shipped, UNKILLED));
  });

  test.each(pairs)('$name: one preemption, calls sent before the last one is answered', (scenario) => {
    expectSound(search(quickDisk(), scenario, pipelined, UNKILLED));
  });

  test('steal / release: both killed', () => {
    expectSound(search(quickDisk(), stealRelease, shipped, { ...ONE, kills: 2 }));
  });

  test('steal / steal on the disk of the temporary files', () => {
    expectSound(search(tmpdir(), stealSteal, shipped, UNKILLED));
  });

  test('schedules that are only counted would have come to the same', () => {
    for (const algorithm of [shipped, naive]) {
      const each = search(quickDisk(), stealRelease, algorithm, ONE, { plays: 'each' });
      const counted = search(quickDisk(), stealRelease, algorithm, ONE);
      expect(differences(each, counted)).toEqual([]);
      expect(counted.played).toBeLessThan(each.played);
    }
  });
});

test(`${RANDOM_SCHEDULES} random schedules of three to five actors break nothing`, () => {
  const report = playSeeds(quickDisk(), shipped, randomInt(2 ** 31), RANDOM_SCHEDULES);
  expectSound(report);
  expect(report.seen.evictions).toBeGreaterThan(0);
  expect(report.seen.lateActs).toBeGreaterThan(0);
  expect(report.seen.kills).toBeGreaterThan(0);
});

test('a seed leads to the same schedule again', () => {
  const [first, second] = [1, 2].map(() => playSeeds(quickDisk(), naive, 20, 40));
  expect(second?.seen).toEqual(first?.seen);
  expect(second?.stories).toEqual(first?.stories);
  expect(second?.failed).toBe(first?.failed);
  expect(second?.failed).toBeGreaterThan(0);
});

describe('what everybody writes first is caught', () => {
  test('read, compare, unlink, create: two clear one stale lock, the second one the new lock of the first', () => {
    expectCaught(clearing, naive, UNKILLED, /made the change [AB]1 -> nothing, wanted was held -> nothing/);
  });

  test('read, compare, rename: two steal one stale lock, one after the other', () => {
    expectCaught(stealSteal, naive, UNKILLED, /made the change [AB]1 -> [AB]1, wanted was held -> [AB]1/);
  });

  test('open, write: others see a lock file that is empty', () => {
    expectCaught(taking, inPlace, UNKILLED, /nobody wrote whole/);
  });

  test.each([clearing, stealSteal, stealRelease])('but only because they meet: $name', (scenario) => {
    expectSound(search(quickDisk(), scenario, naive, { preemptions: 0, kills: 0 }));
  });
});

describe('the guarded swap with one step spoilt is caught', () => {
  const again = /made the change [AB]1 -> [AB]1, wanted was held -> [AB]1/;

  test('when it acts without having judged', () => {
    expectCaught(stealSteal, mutants.skipsJudgement, UNKILLED, again);
  });

  test('when it takes an act that came too late for done', () => {
    expectCaught(stealRelease, mutants.believesLateActs, UNKILLED, /says it made the change .* and did not/);
  });

  test('when an eviction leaves the entry', () => {
    expectCaught(stealSteal, mutants.evictsNothing, UNKILLED, /cannot be removed, or reappears after every removal/);
  });

  test('when the new bytes are staged where no eviction reaches them', () => {
    expectCaught(stealSteal, mutants.stagesOutside, UNKILLED, again);
  });

  test('when an eviction moves the whole guard away, and the kernel has found the way into it already', () => {
    expectCaught(withLookUpsApart(stealSteal), mutants.movesGuardAway, UNKILLED, again);
  });

  test('when the emptied guard is moved into and not replaced, and the kernel has found the way into it already', () => {
    expectCaught(
      withLookUpsApart(stealRelease),
      mutants.reusesGuard,
      { preemptions: 2, kills: 0 },
      /made the change A1 -> nothing/,
    );
  });
});

describe('holders change their own records through their private folders', () => {
  test.each(holding)('$name: one preemption, one killed', (scenario) => {
    expectSound(search(quickDisk(), scenario, holders, ONE));
  });

  test.each(holdingApart)('$name: one preemption', (scenario) => {
    expectSound(search(quickDisk(), scenario, holders, UNKILLED));
  });

  test('R4: a renewal that was given up never lands after the release that follows', () => {
    expectSound(search(quickDisk(), givenUp, holders, MISTAKEN, { plays: 'each' }));
  });

  test.each(HOLDER_MISTAKES)('$what: caught', ({ scenario, algorithm, breaks }) => {
    const report = search(quickDisk(), scenario, algorithm, MISTAKEN, { plays: 'each', promise: breaks });
    console.log(`caught in ${report.failed} of ${report.schedules} schedules of ${report.name}`);
    expect(report.failed).toBeGreaterThan(0);
    expect(report.simplest?.violations).toContainEqual(expect.stringMatching(breaks));
  });

  test.each([thiefOfHolder, thiefOfHolderApart, thiefOfRenewals])(
    'without a mistake nothing breaks within the same bounds: $name',
    (scenario) => {
      expectSound(search(quickDisk(), scenario, holders, MISTAKEN));
    },
  );

  test(`${RANDOM_SCHEDULES} random schedules of three to five holders break nothing`, () => {
    expectSound(playSeeds(quickDisk(), holders, randomInt(2 ** 31), RANDOM_SCHEDULES));
  });
});
