import type { Takeover, WorkerMessage } from './messages.js';
import type { LateWrite } from './summary-file.js';

/** What happened to one file. */
export interface FileProgress {
  /** The worker that holds it, or that held it last. */
  readonly worker?: string;
  /** How many rows that worker has read. */
  readonly rows: number;
  readonly archived: boolean;
  /** How long the worker that archived it needed, in milliseconds. */
  readonly ms: number;
  /** How often a worker found it locked by another one. */
  readonly skipped: number;
}

export interface WorkerStats {
  /** How often it had to wait for the database. */
  readonly waits: number;
  /** How long it waited for the database in total, in milliseconds. */
  readonly waitedMs: number;
}

export interface ObservedTakeover {
  readonly file: string;
  readonly worker: string;
  readonly takeover: Takeover;
}

/** A worker whose write of the summary was refused. */
export interface ObservedRefusal {
  readonly worker: string;
  readonly late: LateWrite;
}

const NEW_FILE: FileProgress = { rows: 0, archived: false, ms: 0, skipped: 0 };
const NEW_WORKER: WorkerStats = { waits: 0, waitedMs: 0 };

/** What the messages of all workers say so far. */
export class History {
  readonly takeovers: ObservedTakeover[] = [];
  readonly refusals: ObservedRefusal[] = [];
  readonly #files = new Map<string, FileProgress>();
  readonly #workers = new Map<string, WorkerStats>();

  get archived(): number {
    return [...this.#files.values()].filter(({ archived }) => archived).length;
  }

  /** The files that are being processed now. */
  get inProgress(): (FileProgress & { readonly file: string })[] {
    const files = [...this.#files].map(([file, progress]) => ({ file, ...progress }));
    return files.filter(({ worker, archived }) => worker !== undefined && !archived);
  }

  file(file: string): FileProgress {
    return this.#files.get(file) ?? NEW_FILE;
  }

  worker(worker: string): WorkerStats {
    return this.#workers.get(worker) ?? NEW_WORKER;
  }

  add(worker: string, message: WorkerMessage): void {
    switch (message.kind) {
      case 'claimed':
        this.#update(message.file, { worker, rows: 0 });
        break;
      case 'taken-over':
        this.takeovers.push({ file: message.file, worker, takeover: message.takeover });
        break;
      case 'progress':
        this.#update(message.file, { rows: message.rows });
        break;
      case 'archived':
        this.#update(message.file, { archived: true, ms: message.ms });
        break;
      case 'skipped':
        this.#update(message.file, { skipped: this.file(message.file).skipped + 1 });
        break;
      case 'refused':
        this.refusals.push({ worker, late: message.late });
        break;
      case 'summarising':
        break;
      case 'waited': {
        const { waits, waitedMs } = this.worker(worker);
        this.#workers.set(worker, { waits: waits + 1, waitedMs: waitedMs + message.ms });
      }
    }
  }

  #update(file: string, change: Partial<FileProgress>): void {
    this.#files.set(file, { ...this.file(file), ...change });
  }
}
