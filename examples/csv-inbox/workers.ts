import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

import { WRITE, type WorkerMessage } from './messages.js';

/** How a worker process ended. */
export interface WorkerExit {
  readonly worker: string;
  readonly pid: number;
  readonly code: number | null;
  readonly signal: string | null;
}

export interface WorkersOptions {
  readonly workers: number;
  /** The path or URI of the inbox. */
  readonly location: string;
  /** The folder of the ledger. */
  readonly workFolder: string;
  /** The journal that workers write what happens to their locks to. Undefined: none. */
  readonly journal: string | undefined;
  /** The script that a worker process runs. */
  readonly program: URL;
  /** Ends all workers. */
  readonly signal: AbortSignal;
}

/** The worker processes. */
export class Workers {
  readonly #processes: ReadonlyMap<string, ChildProcess>;
  /** Resolves when all processes have ended and all their messages have arrived. */
  readonly ended: Promise<readonly WorkerExit[]>;

  constructor(options: WorkersOptions, onMessage: (worker: string, message: WorkerMessage) => void) {
    const { workers, location, workFolder, journal = '', program, signal } = options;
    const names = Array.from({ length: workers }, (_, index) => `worker-${String(index + 1)}`);
    this.#processes = new Map(names.map((name) => [name, fork(program, [name, location, workFolder, journal])]));
    for (const [name, child] of this.#processes) {
      child.on('message', (message) => onMessage(name, message as WorkerMessage));
    }
    signal.addEventListener('abort', () => {
      for (const [name, child] of this.#processes) {
        child.kill();
        // A process that is stopped ends only when it is continued.
        this.continue(name);
      }
    });
    this.ended = Promise.all([...this.#processes].map(([name, child]) => exitOf(name, child)));
  }

  /** Kills a worker with SIGKILL, as a crash would. Returns its process id. */
  kill(worker: string): number {
    const child = this.#processes.get(worker);
    child?.kill('SIGKILL');
    return child?.pid ?? 0;
  }

  /** Stops a worker, so that it does nothing at all until it is continued: no renewal, and no notice of the time. */
  stop(worker: string): void {
    this.#processes.get(worker)?.kill('SIGSTOP');
  }

  continue(worker: string): void {
    this.#processes.get(worker)?.kill('SIGCONT');
  }

  /** Lets a worker write the summary. */
  allowWrite(worker: string): void {
    this.#processes.get(worker)?.send(WRITE);
  }
}

async function exitOf(worker: string, child: ChildProcess): Promise<WorkerExit> {
  // Messages may still arrive after the exit.
  await Promise.all([once(child, 'exit'), once(child, 'disconnect')]);
  return { worker, pid: child.pid ?? 0, code: child.exitCode, signal: child.signalCode };
}
