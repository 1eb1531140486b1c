import type { Lockfile, VfsFile } from 'vfs-lockfile';
import type { MemVfs } from 'vfs-lockfile/mem';

import { Machine } from './machine.js';

/** The lease of every lock here. The library renews it every third of this. */
export const LEASE_MS = 6000;
const WORK_MS = 3500;
const PAUSE_MS = 1500;

export const REPORT = 'report.txt';

/** How a write of the report ended. */
export interface WriteReport {
  readonly worker: string;
  readonly token: bigint;
  /** Of a write that was refused: the token of who has come since, where the store shows it. */
  readonly refusedBy: bigint | undefined;
  readonly outcome: 'written' | 'refused' | 'overwrote';
}

/** What happens to a worker. */
export interface WorkerListener {
  readonly say: (worker: string, text: string, kind?: 'bad' | 'good') => void;
  readonly wrote: (report: WriteReport) => void;
  /** Whether the report is written with the token, or as any file. */
  readonly isFenced: () => boolean;
}

/** A program that writes a report again and again, each time under the lock, on a machine of its own. */
export class Worker {
  readonly name: string;
  /** What the program does now, in its own view. */
  step: 'waits' | 'works' | 'pauses' = 'waits';
  /** Of its last acquisition; 0: it never had the lock. */
  token = 0n;
  heartbeats = 0;
  /** When the lease was last begun or renewed. */
  heartbeatMs = 0;
  hasLost = false;
  wasRefused = false;
  machine: Machine;
  readonly #store: MemVfs;
  readonly #listener: WorkerListener;
  #starts = 0;

  constructor(name: string, store: MemVfs, listener: WorkerListener) {
    this.name = name;
    this.#store = store;
    this.#listener = listener;
    this.machine = this.#boot();
  }

  /** After a crash: a new process, which knows nothing of the one before. */
  restart(): void {
    this.machine = this.#boot();
    this.#listener.say(this.name, 'starts again, as a new process');
  }

  get believesItHolds(): boolean {
    return this.step === 'works' && !this.hasLost;
  }

  #boot(): Machine {
    this.#starts += 1;
    const machine = new Machine(`machine-${this.name.toLowerCase()}`, 100 + this.#starts);
    this.#forget();
    this.token = 0n;
    this.#listen(machine);
    void this.#work(machine).catch((error: unknown) => this.#listener.say(this.name, `fails: ${String(error)}`, 'bad'));
    return machine;
  }

  #forget(): void {
    this.step = 'waits';
    this.heartbeats = 0;
    this.hasLost = false;
    this.wasRefused = false;
  }

  #listen(machine: Machine): void {
    machine.library.events(
      (name, { reason }) => {
        const isRenewed = name === 'renew' && reason === 'renewed';
        if (isRenewed) this.heartbeats += 1;
        if (isRenewed || name === 'acquire') this.heartbeatMs = performance.now();
        if (name === 'steal') this.#listener.say(this.name, 'finds a lease that is over, and takes the lock over');
        if (name === 'lost') {
          this.hasLost = true;
          this.#listener.say(this.name, `notices that its lock is lost (${reason})`, 'bad');
        }
      },
      ['acquire', 'renew', 'steal', 'lost'],
    );
  }

  async #work(machine: Machine): Promise<void> {
    const { Lockfile, VfsFile } = machine.library;
    const file = new VfsFile(machine.connect(this.#store), 'orders.csv');
    const lock = new Lockfile(file, { fencing: true, ttl: LEASE_MS, ownerId: `worker ${this.name}` });
    // Not all at the same time.
    await machine.sleep(Math.random() * 300);
    for (;;) {
      this.#forget();
      await lock.acquire({ wait: Infinity, poll: 250 });
      this.token = lock.fencingToken;
      this.step = 'works';
      this.#listener.say(this.name, `has the lock, with token ${this.token}`);
      await machine.sleep(WORK_MS);
      await this.#write(lock, file, machine);
      this.step = 'pauses';
      await lock.release().catch(() => undefined);
      await machine.sleep(PAUSE_MS * (0.5 + Math.random()));
    }
  }

  /** A careless program: it does not even ask whether it still has the lock. */
  async #write(lock: Lockfile, file: VfsFile, { library }: Machine): Promise<void> {
    const { name: worker, token } = this;
    const report = file.resolve(REPORT);
    const text = `worker ${worker}, token ${token}`;
    if (!this.#listener.isFenced()) {
      const last = tokenIn(await report.readText().catch(() => ''));
      await report.write(text);
      this.#listener.wrote({ worker, token, refusedBy: undefined, outcome: token < last ? 'overwrote' : 'written' });
      return;
    }
    try {
      await lock.commit(report, text);
      this.#listener.wrote({ worker, token, refusedBy: undefined, outcome: 'written' });
    } catch (error) {
      if (!(error instanceof library.FencedError)) throw error;
      this.wasRefused = true;
      this.#listener.wrote({ worker, token, refusedBy: error.by, outcome: 'refused' });
    }
  }
}

/** The token of whoever has written the report. */
export function tokenIn(report: string): bigint {
  return BigInt(/token (\d+)/.exec(report)?.[1] ?? '0');
}
