import type { Algorithm } from './algorithms.js';
import { Chronicle } from './chronicle.js';
import { Exhaustive, type Bounds, type Branch } from './exhaustive.js';
import type { Failure, Report } from './report.js';
import type { Scenario } from './scenario.js';
import { Stage } from './schedule.js';
import { withoutStackTraces } from './stack-traces.js';
import { inWorld, type World } from './world.js';

export interface SearchOptions {
  /** `'each'` plays also the schedules that come to a state that is known. */
  readonly plays?: 'each' | 'new';
  /** A schedule counts as failed only by violations of this kind: those of one promise, and not all that follow from a mistake. */
  readonly promise?: RegExp;
}

/** Goes through every schedule of a scenario within bounds. */
export function search(
  disk: string,
  scenario: Scenario,
  algorithm: Algorithm,
  bounds: Bounds,
  options: SearchOptions = {},
): Report {
  return withoutStackTraces(() => inWorld(disk, (world) => searchIn(world, scenario, algorithm, bounds, options)));
}

function searchIn(
  world: World,
  scenario: Scenario,
  algorithm: Algorithm,
  bounds: Bounds,
  { plays = 'new', promise = /^/ }: SearchOptions,
): Report {
  const started = performance.now();
  const stage = new Stage(world, scenario, algorithm, { chronicle: plays === 'new' ? new Chronicle() : undefined });
  const scheduler = new Exhaustive(bounds, plays);
  const stories = new Set<string>();
  let [schedules, played, failed, least] = [0, 0, 0, Infinity];
  let simplest: readonly Branch[] | undefined;
  do {
    const verdict = stage.play(scheduler);
    const failures = Number(verdict?.violations.some((violation) => promise.test(violation)) ?? false);
    const tally = scheduler.count(verdict && { schedules: 1, failed: failures });
    schedules += tally.schedules;
    failed += tally.failed;
    if (verdict === undefined) continue;
    played += 1;
    stories.add(verdict.story);
    const cost = scheduler.preemptions + scheduler.kills;
    if (failures > 0 && cost < least) [least, simplest] = [cost, scheduler.path];
  } while (scheduler.advance());
  const seen = { ...stage.seen };
  const failure = simplest && replay(stage, new Exhaustive(bounds, plays, simplest));
  const ms = performance.now() - started;
  return { name: scenario.name, schedules, played, failed, simplest: failure, stories, seen, ms };
}

function replay(stage: Stage, scheduler: Exhaustive): Failure | undefined {
  const steps: string[] = [];
  const verdict = stage.play(scheduler, (step) => steps.push(step));
  return verdict && { violations: verdict.violations, steps };
}
