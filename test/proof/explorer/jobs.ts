import { tmpdir } from 'node:os';

import { inPlace, naive, pipelined, shipped, type Algorithm, holders } from './algorithms.js';
import type { Bounds } from './exhaustive.js';
import { HOLDER_MISTAKES, MISTAKEN } from './holder-mistakes.js';
import * as mutants from './mutants.js';
import { givenUp, givenUpLonger, holding, holdingApart, holdingThree } from './holder-scenarios.js';
import { playSeeds } from './random.js';
import { differences, type Report } from './report.js';
import type { Scenario } from './scenario.js';
import {
  clearing,
  hardships,
  longer,
  pairs,
  releaseRelease,
  stealRelease,
  stealSteal,
  taking,
  withLookUpsApart,
} from './scenarios.js';
import { search } from './search.js';
import { quickDisk } from './world.js';

/** A part of the full run that can be played on its own. */
export interface Job {
  /** Violations must be found, or nobody would know that they are. */
  readonly isSpoilt: boolean;
  readonly play: () => Report;
}

export interface Section {
  readonly title: string;
  readonly jobs: readonly Job[];
}

const RANDOM_SCHEDULES = 100_000;
const RANDOM_ON_DISK = 2000;
const SEEDS_A_JOB = 2000;

export function sections(firstSeed: number): readonly Section[] {
  const [quick, disk] = [quickDisk(), tmpdir()];
  const most: Bounds = { preemptions: 4, kills: 1 };
  const some: Bounds = { preemptions: 2, kills: 1 };
  const all = [...longer, ...pairs, ...hardships];
  return [
    {
      title: `Two actors, up to 4 preemptions at any system call, one killed at any point (${quick})`,
      jobs: all.map((scenario) => searching(quick, scenario, most)),
    },
    {
      title: `The same, each call sent before the last one is answered, as over SFTP (${quick})`,
      jobs: pairs.map((scenario) => searching(quick, scenario, most, pipelined)),
    },
    {
      title: `Holders act through their private folders, up to 3 preemptions, one killed (${quick})`,
      jobs: holding.map((scenario) => searching(quick, scenario, { preemptions: 3, kills: 1 }, holders)),
    },
    {
      title: `The same with each path look-up a step of its own, up to 2 preemptions, one killed (${quick})`,
      jobs: [
        ...holdingApart.map((scenario) => searching(quick, scenario, some, holders)),
        givenUpJob(quick, givenUp),
        givenUpJob(quick, givenUpLonger),
      ],
    },
    {
      title: `Three of them, up to 2 preemptions, one killed (${quick})`,
      jobs: holdingThree.map((scenario) => searching(quick, scenario, some, holders)),
    },
    {
      title: `Holders and their rivals, up to 2 preemptions, one killed (${disk})`,
      jobs: holding.map((scenario) => searching(disk, scenario, some, holders)),
    },
    {
      title: `Two actors, up to 3 preemptions, both killed (${quick})`,
      jobs: [taking, ...pairs].map((scenario) => searching(quick, scenario, { preemptions: 3, kills: 2 })),
    },
    {
      title: `Two actors, up to 2 preemptions, one killed (${disk})`,
      jobs: all.map((scenario) => searching(disk, scenario, some)),
    },
    {
      title: `Each schedule played, to the same end as when those that come to a known state are only counted (${quick})`,
      jobs: [
        ...[taking, clearing, ...pairs].map((scenario) => comparing(quick, scenario, some)),
        ...holding.map((scenario) => comparing(quick, scenario, { preemptions: 1, kills: 1 }, holders)),
      ],
    },
    { title: `3 to 5 actors, random (${quick})`, jobs: seeds(quick, firstSeed, RANDOM_SCHEDULES) },
    { title: `3 to 5 holders, random (${quick})`, jobs: seeds(quick, firstSeed, RANDOM_SCHEDULES, holders) },
    { title: `3 to 5 actors, random (${disk})`, jobs: seeds(disk, firstSeed + RANDOM_SCHEDULES, RANDOM_ON_DISK) },
    {
      title: 'Read, compare, then unlink or rename: must be caught',
      jobs: [clearing, ...pairs.filter(canRace)].map((scenario) => searching(quick, scenario, most, naive)),
    },
    { title: 'Mistakes with the holder’s folder: must be caught', jobs: holderMistakes(quick) },
    { title: 'Other mistakes: must be caught', jobs: mistakes(quick, { ...some, kills: 0 }) },
  ];
}

/** Two removals of one version make no difference to each other even without any guard. */
function canRace(scenario: Scenario): boolean {
  return scenario !== releaseRelease;
}

function searching(disk: string, scenario: Scenario, bounds: Bounds, algorithm: Algorithm = shipped): Job {
  return { isSpoilt: algorithm === naive, play: () => search(disk, scenario, algorithm, bounds) };
}

function comparing(disk: string, scenario: Scenario, bounds: Bounds, algorithm: Algorithm = shipped): Job {
  const play = (): Report => {
    const each = search(disk, scenario, algorithm, bounds, { plays: 'each' });
    const violations = differences(each, search(disk, scenario, algorithm, bounds));
    if (violations.length === 0) return each;
    return { ...each, failed: each.failed + violations.length, simplest: { violations, steps: [] } };
  };
  return { isSpoilt: false, play };
}

function seeds(disk: string, first: number, schedules: number, algorithm: Algorithm = shipped): readonly Job[] {
  return Array.from({ length: Math.ceil(schedules / SEEDS_A_JOB) }, (_, i) => ({
    isSpoilt: false,
    play: () => playSeeds(disk, algorithm, first + i * SEEDS_A_JOB, Math.min(SEEDS_A_JOB, schedules - i * SEEDS_A_JOB)),
  }));
}

function mistakes(disk: string, bounds: Bounds): readonly Job[] {
  const spoilt = (what: string, scenario: Scenario, algorithm: Algorithm, within = bounds): Job => ({
    isSpoilt: true,
    play: () => search(disk, { ...scenario, name: `${what}: ${scenario.name}` }, algorithm, within, { plays: 'each' }),
  });
  return [
    spoilt('fills the file where it stands', taking, inPlace),
    spoilt('skips the judgement', stealSteal, mutants.skipsJudgement),
    spoilt('believes a late act', stealRelease, mutants.believesLateActs),
    // Who waits for ever waits in ever more ways.
    spoilt('evicts nothing', stealSteal, mutants.evictsNothing, { ...bounds, preemptions: 1 }),
    spoilt('stages outside the guard', stealSteal, mutants.stagesOutside),
    spoilt('moves the guard away', withLookUpsApart(stealSteal), mutants.movesGuardAway),
    spoilt('reuses the guard', withLookUpsApart(stealRelease), mutants.reusesGuard),
  ];
}

function givenUpJob(disk: string, scenario: Scenario): Job {
  const play = (): Report => search(disk, scenario, holders, { preemptions: 3, kills: 0 }, { plays: 'each' });
  return { isSpoilt: false, play };
}

function holderMistakes(disk: string): readonly Job[] {
  return HOLDER_MISTAKES.map(({ what, scenario, algorithm, breaks }) => ({
    isSpoilt: true,
    play: () => {
      const named = { ...scenario, name: `${what}: ${scenario.name}` };
      return search(disk, named, algorithm, MISTAKEN, { plays: 'each', promise: breaks });
    },
  }));
}
