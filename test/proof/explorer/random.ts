import { holders, type Algorithm } from './algorithms.js';
import { content } from './content.js';
import type { Failure, Report } from './report.js';
import type { Scenario, Script } from './scenario.js';
import { Stage, type Moment, type Move, type Scheduler, type Verdict } from './schedule.js';
import { noSightings, type Sightings } from './sightings.js';
import { withoutStackTraces } from './stack-traces.js';
import type { System } from './system.js';
import { inWorld, type World } from './world.js';

/** Numbers from 0 to below 1 that follow from the seed (mulberry32). */
export type Random = () => number;

export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function pick<T>(random: Random, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)]!;
}

const SYSTEMS: readonly System[] = [
  {},
  { lookUps: 'apart' },
  { renameOntoEmpty: 'refused' },
  { hardLinks: 'asked not to' },
  { hardLinks: 'refused' },
];

const ACTS = ['take', 'steal', 'clear', 'renew', 'release', 'believe'] as const;

/** Three to five actors who make one to four calls each, over a held or a free lock. */
function randomScenario(random: Random, guardMayStay: boolean): Scenario {
  const initial = random() < 0.6 ? content('held') : undefined;
  const scripts = Array.from({ length: 3 + Math.floor(random() * 3) }, () =>
    scriptOf(Array.from({ length: 1 + Math.floor(random() * 4) }, () => pick(random, ACTS))),
  );
  return { name: 'random', initial, scripts, system: { ...pick(random, SYSTEMS), guardMayStay } };
}

function scriptOf(acts: readonly (typeof ACTS)[number][]): Script {
  return function* (hand) {
    let own = undefined;
    for (const act of acts) {
      const releases = act === 'clear' || act === 'release';
      let from = act === 'renew' || act === 'release' ? own : undefined;
      if (act === 'steal' || act === 'clear') from = yield* hand.look();
      if (act === 'believe') from = content('held');
      if (from === undefined && act !== 'take') continue;
      const to = releases ? undefined : hand.fresh();
      if (yield* hand.change(from, to)) own = to;
    }
  };
}

/** Sometimes a switch at every step, sometimes long runs of one actor; kills in every second schedule. */
class RandomScheduler implements Scheduler {
  readonly #random: Random;
  readonly #switching: number;
  readonly #killing: number;

  constructor(random: Random) {
    this.#random = random;
    this.#switching = pick(random, [0.02, 0.1, 0.3, 1]);
    this.#killing = pick(random, [0, 0.02]);
  }

  next({ alive, last }: Moment): Move {
    const switches = last === undefined || this.#random() < (last.hasPaused ? 0.5 : this.#switching);
    const actor = switches ? pick(this.#random, alive) : last;
    return { actor, kill: this.#random() < this.#killing };
  }

  pauseMs(): number {
    return pick(this.#random, [10, 1000]);
  }
}

/** Plays the one schedule that belongs to a seed. */
export function playSeed(
  world: World,
  algorithm: Algorithm,
  seed: number,
  seen?: Sightings,
  tell?: (line: string) => void,
): Verdict {
  const random = randomFrom(seed);
  const scenario = randomScenario(random, algorithm === holders);
  tell?.(`seed ${seed}: ${scenario.scripts.length} actors, ${JSON.stringify(scenario.system)}`);
  const verdict = new Stage(world, scenario, algorithm, { seen }).play(new RandomScheduler(random), tell);
  if (verdict === undefined) throw new Error('a random schedule has no end');
  return verdict;
}

/** Plays one schedule for each of many seeds in a row. */
export function playSeeds(disk: string, algorithm: Algorithm, first: number, schedules: number): Report {
  return withoutStackTraces(() => inWorld(disk, (world) => playSeedsIn(world, algorithm, first, schedules)));
}

function playSeedsIn(world: World, algorithm: Algorithm, first: number, schedules: number): Report {
  const started = performance.now();
  const seen = noSightings();
  const stories = new Set<string>();
  let failed = 0;
  let simplest: Failure | undefined;
  for (let seed = first; seed < first + schedules; seed += 1) {
    const { violations, story } = playSeed(world, algorithm, seed, seen);
    stories.add(story);
    if (violations.length === 0) continue;
    failed += 1;
    simplest ??= { violations: [`seed ${seed}`, ...violations], steps: stepsOf(world, algorithm, seed) };
  }
  const name = `seeds ${first} to ${first + schedules - 1}`;
  return { name, schedules, played: schedules, failed, simplest, stories, seen, ms: performance.now() - started };
}

function stepsOf(world: World, algorithm: Algorithm, seed: number): readonly string[] {
  const steps: string[] = [];
  playSeed(world, algorithm, seed, noSightings(), (step) => steps.push(step));
  return steps;
}
