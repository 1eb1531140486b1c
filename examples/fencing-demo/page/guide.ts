import { byId, seconds, setText } from './elements.js';
import type { Worker, WorkerListener, WriteReport } from './worker.js';
import { leaseLeftMs, toggleStop } from './worker-view.js';

/** Leads through the demonstration, with one button. */
export class Guide {
  readonly #workers: readonly Worker[];
  readonly #listener: WorkerListener;
  readonly #button = byId('guide', HTMLButtonElement);
  readonly #advice = byId('advice');
  /** Whom the visitor stopped while it had the lock. */
  #sleeper: Worker | undefined;
  #result: readonly [text: string, kind: string] | undefined;
  /** Of the latest write that was not refused. */
  #written = 0n;

  constructor(workers: readonly Worker[], listener: WorkerListener) {
    this.#workers = workers;
    this.#listener = listener;
    this.#button.addEventListener('click', () => this.#act());
  }

  /** The end of the demonstration, if the sleeper wrote. */
  wrote({ worker, token, refusedBy, outcome }: WriteReport): void {
    if (outcome === 'written') this.#written = token;
    if (worker !== this.#sleeper?.name || token !== this.#sleeper.token) return;
    this.#sleeper = undefined;
    const by = refusedBy === undefined ? 'somebody else has had the lock since' : `token ${refusedBy} has come since`;
    const results = {
      refused: [
        `Refused. Worker ${worker} came back with token ${token}, but ${by}. The report was not touched.`,
        'good',
      ],
      overwrote: [
        `Newer work is gone. Worker ${worker} came back with token ${token}, nobody compared it, and it wrote over what a later holder had written.`,
        'bad',
      ],
      written: [
        `Worker ${worker} wrote with token ${token}, and rightly: nobody else had written after it yet. Leave it stopped for longer.`,
        '',
      ],
    } as const;
    this.#result = results[outcome];
  }

  draw(): void {
    this.#sleeper = this.#sleeper?.machine.state === 'has crashed' ? undefined : this.#sleeper;
    const sleeper = this.#sleeper ?? this.#workers.find(isAsleep);
    if (sleeper !== undefined && sleeper !== this.#sleeper) {
      this.#sleeper = sleeper;
      this.#result = undefined;
    }
    const [advice, kind] = this.#adviceFor(sleeper);
    setText(this.#advice, advice);
    this.#advice.className = kind;
    const isEarly = sleeper !== undefined && sleeper.token >= this.#written;
    setText(this.#button, this.#labelFor(sleeper, isEarly));
    this.#button.disabled = isEarly || (sleeper === undefined && this.#holder() === undefined);
  }

  #act(): void {
    const sleeper = this.#sleeper;
    if (sleeper && isAsleep(sleeper)) toggleStop(sleeper, this.#listener.say);
    else {
      const holder = this.#holder();
      if (holder === undefined) return;
      this.#result = undefined;
      this.#sleeper = holder;
      toggleStop(holder, this.#listener.say);
    }
    this.draw();
  }

  #labelFor(sleeper: Worker | undefined, isEarly: boolean): string {
    if (sleeper === undefined) return 'Stop the worker that has the lock';
    if (!isEarly) return `Continue worker ${sleeper.name}`;
    const leftMs = leaseLeftMs(sleeper) ?? 0;
    return leftMs > 0 ? `Its lease ends in ${seconds(leftMs)}` : 'Wait until another worker has written';
  }

  #adviceFor(sleeper: Worker | undefined): readonly [text: string, kind: string] {
    if (sleeper !== undefined) return [this.#wait(sleeper), ''];
    if (this.#result !== undefined) return this.#result;
    return [
      'Stop the worker that has the lock, and let it sleep past its lease. Or stop and crash any of them with the buttons below.',
      '',
    ];
  }

  #wait(sleeper: Worker): string {
    const { name, token } = sleeper;
    const next = this.#workers.find((worker) => worker.token > token);
    if (next === undefined) {
      return `Worker ${name} is stopped in the middle of its work, with token ${token}. It renews nothing now, so its lease runs out, and another worker gets the lock.`;
    }
    if (this.#written <= token)
      return `Worker ${next.name} has taken the lock over, with token ${next.token}, and works.`;
    return `Token ${this.#written} has written the report. Now continue worker ${name}: it does not know that it slept, and writes.`;
  }

  #holder(): Worker | undefined {
    return this.#workers.find((worker) => worker.believesItHolds && worker.machine.state === 'runs');
  }
}

/** Stopped while it has the lock, as it believes. */
function isAsleep({ machine, step, hasLost }: Worker): boolean {
  return machine.state === 'is stopped' && step === 'works' && !hasLost;
}
