import type { Algorithm } from './algorithms.js';
import { Chronicle } from './chronicle.js';
import { Exhaustive, type Bounds, type Branch } from './exhaustive.js';
import type { Failure, Report } from './report.js';
import type { Scenario } from './scenario.js';
import { Stage } from './schedule.js';
import { withoutStackTraces } from './stack-traces.js';
import { inWorld, type World } from './world.js';

/** Goes through every schedule of a scenario within bounds; `'each'` plays also those that come to what is known. */
export function search(
  disk: string,
  scenario: Scenario,
  algorithm: Algorithm,
  bounds: Bounds,
  plays: 'each' | 'new' = 'new',
): Report {
  return withoutStackTraces(() => inWorld(disk, (world) => searchIn(world, scenario, algorithm, bounds, plays)));
}

function searchIn(
  world: World,
  scenario: Scenario,
  algorithm: Algorithm,
  bounds: Bounds,
  plays: 'each' | 'new',
): Report {
  const started = performance.now();
  const stage = new Stage(world, scenario, algorithm, { chronicle: plays === 'new' ? new Chronicle() : undefined });
  const scheduler = new Exhaustive(bounds, plays);
  const stories = new Set<string>();
  let [schedules, played, failed, least] = [0, 0, 0, Infinity];
  let simplest: readonly Branch[] | undefined;
  do {
    const verdict = stage.play(scheduler);
    const failures = Number((verdict?.violations.length ?? 0) > 0);
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
