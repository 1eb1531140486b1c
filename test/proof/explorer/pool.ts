import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

import type { Report } from './report.js';

/** Which job: its section and its place there. */
export type Place = readonly [section: number, job: number];

interface Waiting {
  readonly place: Place;
  readonly done: (report: Report) => void;
  readonly failed: (error: Error) => void;
}

/** As many threads as there are processors, each playing one job at a time. */
export class Pool {
  readonly #idle: Worker[];
  readonly #workers: readonly Worker[];
  readonly #queue: Waiting[] = [];

  constructor(script: URL, firstSeed: number) {
    this.#workers = Array.from({ length: availableParallelism() }, () => new Worker(script, { workerData: firstSeed }));
    this.#idle = [...this.#workers];
  }

  play(place: Place): Promise<Report> {
    return new Promise((done, failed) => {
      this.#queue.push({ place, done, failed });
      this.#assign();
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #assign(): void {
    const worker = this.#idle.pop();
    const next = worker && this.#queue.shift();
    if (worker === undefined) return;
    if (next === undefined) {
      this.#idle.push(worker);
      return;
    }
    const onError = (error: unknown): void => next.failed(error instanceof Error ? error : new Error(String(error)));
    worker.once('error', onError);
    worker.once('message', (report: Report) => {
      worker.off('error', onError);
      this.#idle.push(worker);
      next.done(report);
      this.#assign();
    });
    worker.postMessage(next.place);
  }
}
