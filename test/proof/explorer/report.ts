import type { Sightings } from './sightings.js';

/** A schedule that broke the model: what was done step by step, and what was wrong with it. */
export interface Failure {
  readonly violations: readonly string[];
  readonly steps: readonly string[];
}

/** What came of many schedules of one scenario. */
export interface Report {
  readonly name: string;
  readonly schedules: number;
  /** The others come to a state that was known, and go on from there as others did. */
  readonly played: number;
  readonly failed: number;
  /** The one with the fewest preemptions and kills, where they are counted. */
  readonly simplest: Failure | undefined;
  /** What became of the file and of each call, each different outcome once. */
  readonly stories: ReadonlySet<string>;
  readonly seen: Sightings;
  readonly ms: number;
}

export function rowOf({ name, schedules, played, failed, stories, seen, ms }: Report): string {
  const counts = [schedules, played, failed, stories.size, seen.evictions, seen.lateActs, seen.kills];
  const columns = counts.map((count) => count.toLocaleString('en').padStart(11));
  return `${name.padEnd(64)}${columns.join('')}${`${(ms / 1000).toFixed(1)} s`.padStart(10)}`;
}

export const HEADING = `${''.padEnd(64)}${[
  'schedules',
  'played',
  'violations',
  'outcomes',
  'evictions',
  'late acts',
  'kills',
]
  .map((word) => word.padStart(11))
  .join('')}${'time'.padStart(10)}`;

export function linesOf({ violations, steps }: Failure): readonly string[] {
  return [...violations.map((violation) => `! ${violation}`), ...steps.map((step) => `  ${step}`)];
}

/** In what two reports that must say the same of a scenario do not. */
export function differences(a: Report, b: Report): readonly string[] {
  const told = [...new Set([...a.stories, ...b.stories])].filter(
    (story) => !a.stories.has(story) || !b.stories.has(story),
  );
  return [
    ...(a.schedules === b.schedules ? [] : [`${a.schedules} schedules or ${b.schedules}`]),
    ...(a.failed === b.failed ? [] : [`${a.failed} violations or ${b.failed}`]),
    ...told.map((story) => `only once: ${story}`),
  ];
}
