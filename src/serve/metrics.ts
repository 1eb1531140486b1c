/** Counts what the service did since it was started, for Prometheus. */
export class Metrics {
  readonly #requests = new Map<string, number>();
  readonly #claims = new Map<string, number>();
  #storeFailures = 0;
  #seconds = 0;

  request(dialect: string, status: number, ms: number): void {
    increment(this.#requests, `dialect="${dialect}",status="${status}"`);
    this.#seconds += ms / 1000;
  }

  /** `outcome`: what became of a wish for a lock. */
  claim(dialect: string, outcome: string): void {
    increment(this.#claims, `dialect="${dialect}",outcome="${outcome}"`);
  }

  storeFailure(): void {
    this.#storeFailures += 1;
  }

  /** `waiting`: how many requests wait for locks now. `states`: how many locks are in each state now. */
  text(waiting: number, states: ReadonlyMap<string, number>): string {
    const locks = new Map([...states].map(([state, count]) => [`state="${state}"`, count] as const));
    const families = [
      family('requests_total', 'counter', 'Requests by dialect and status.', this.#requests),
      family('claims_total', 'counter', 'Wishes for locks by dialect and outcome.', this.#claims),
      family('request_seconds_total', 'counter', 'Time in which requests were answered.', this.#seconds),
      family('store_failures_total', 'counter', 'Requests that failed because of the store.', this.#storeFailures),
      family('locks', 'gauge', 'Locks in the store now, by state.', locks),
      family('waiting_requests', 'gauge', 'Requests that wait for a lock now.', waiting),
    ];
    return families.join('');
  }
}

function increment(counts: Map<string, number>, labels: string): void {
  counts.set(labels, (counts.get(labels) ?? 0) + 1);
}

function family(name: string, type: string, help: string, value: number | ReadonlyMap<string, number>): string {
  const full = `vfs_lockfile_serve_${name}`;
  const rows = typeof value === 'number' ? [['', value] as const] : [...value];
  return `# HELP ${full} ${help}\n# TYPE ${full} ${type}\n${rows.map((row) => sample(full, row)).join('')}`;
}

function sample(full: string, [labels, count]: readonly [string, number]): string {
  return `${full}${labels === '' ? '' : `{${labels}}`} ${count}\n`;
}
