import type { Listed } from '../../admin/list.js';
import { STATES } from './lock-selection.js';

/** What is known about the locks of one location. */
export class LocationMetrics {
  readonly #location: string;
  readonly #counts = new Map<Listed['state'], number>();
  #oldestMs = 0;
  #waiters = 0;
  #longestMs = 0;
  #failures = 0;

  constructor(location: string) {
    this.#location = location;
  }

  add({ state, ageMs = 0, waiters = [] }: Listed): void {
    this.#waiters += waiters.length;
    this.#longestMs = Math.max(this.#longestMs, waiters[0]?.waitedMs ?? 0);
    this.#counts.set(state, (this.#counts.get(state) ?? 0) + 1);
    if (state === 'held' || state === 'stale') this.#oldestMs = Math.max(this.#oldestMs, ageMs);
  }

  get failures(): number {
    return this.#failures;
  }

  fail(): this {
    this.#failures += 1;
    return this;
  }

  /** The samples of one metric. */
  samples(name: Metric): readonly string[] {
    const location = `location="${labelValue(this.#location)}"`;
    if (name === 'locks') {
      return COUNTED.map((state) => sample(name, `${location},state="${state}"`, this.#counts.get(state) ?? 0));
    }
    return [sample(name, location, this.#valueOf(name))];
  }

  #valueOf(name: Exclude<Metric, 'locks'>): number {
    switch (name) {
      case 'oldest_lock_age_seconds':
        return Math.round(this.#oldestMs) / 1000;
      case 'waiters':
        return this.#waiters;
      case 'longest_wait_seconds':
        return Math.round(this.#longestMs) / 1000;
      case 'list_failures':
        return this.#failures;
    }
  }
}

const METRICS = {
  locks: 'Locks by state.',
  oldest_lock_age_seconds: 'Age of the oldest lock that is held or stale, 0 if there is none.',
  waiters: 'Those who announced that they wait for a lock.',
  longest_wait_seconds: 'For how long the longest of them has waited, 0 if there is none.',
  list_failures: 'Folders and lock files that could not be read.',
} as const;
type Metric = keyof typeof METRICS;

/** All but `free`, which has no file. */
const COUNTED = STATES.filter((state) => state !== 'free');

/** The text format of Prometheus, for a file that its textfile collector reads. */
export function metricsText(locations: readonly LocationMetrics[]): string {
  const families = (Object.keys(METRICS) as Metric[]).flatMap((name) => [
    `# HELP vfs_lockfile_${name} ${METRICS[name]}`,
    `# TYPE vfs_lockfile_${name} gauge`,
    ...locations.flatMap((location) => location.samples(name)),
  ]);
  return `${families.join('\n')}\n`;
}

function sample(name: Metric, labels: string, value: number): string {
  return `vfs_lockfile_${name}{${labels}} ${value}`;
}

function labelValue(text: string): string {
  return text.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`));
}
