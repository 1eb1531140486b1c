import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

import type { News } from './news.js';

/** How a worker ended. */
export interface End {
  readonly worker: string;
  readonly pid: number;
  readonly code: number | null;
  readonly signal: string | null;
}

export interface Workplace {
  readonly workers: number;
  /** Where the inbox is. */
  readonly location: string;
  /** The folder of the ledger. */
  readonly home: string;
  /** The script that a worker process runs. */
  readonly program: URL;
  /** Ends all workers. */
  readonly signal: AbortSignal;
}

/** The worker processes. */
export class Crew {
  readonly #members: ReadonlyMap<string, ChildProcess>;
  /** Resolves when all have ended and all their news has come in. */
  readonly ended: Promise<readonly End[]>;

  constructor({ workers, location, home, program, signal }: Workplace, onNews: (worker: string, news: News) => void) {
    const names = Array.from({ length: workers }, (_, index) => `worker-${String(index + 1)}`);
    this.#members = new Map(names.map((name) => [name, fork(program, [name, location, home])]));
    for (const [name, member] of this.#members) member.on('message', (news) => onNews(name, news as News));
    signal.addEventListener('abort', () => this.#members.forEach((member) => member.kill()));
    this.ended = Promise.all([...this.#members].map(([name, member]) => end(name, member)));
  }

  /** Kills a worker on the spot, as a crash would. Returns its process id. */
  kill(worker: string): number {
    const member = this.#members.get(worker);
    member?.kill('SIGKILL');
    return member?.pid ?? 0;
  }
}

async function end(worker: string, member: ChildProcess): Promise<End> {
  // News may still arrive after the exit.
  await Promise.all([once(member, 'exit'), once(member, 'disconnect')]);
  return { worker, pid: member.pid ?? 0, code: member.exitCode, signal: member.signalCode };
}
