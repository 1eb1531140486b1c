import type { News, Takeover } from './news.js';

/** What happened to one file. */
export interface FileStory {
  /** Who has it, or had it last. */
  readonly worker?: string;
  /** How far that worker is. */
  readonly rows: number;
  readonly archived: boolean;
  /** How long the worker that archived it had it. */
  readonly ms: number;
  /** How often a worker found it in other hands. */
  readonly passedOver: number;
}

export interface WorkerStory {
  /** How often it waited for its turn at the ledger, and how long in all. */
  readonly waits: number;
  readonly waitedMs: number;
}

export interface TakenOver {
  readonly file: string;
  readonly worker: string;
  readonly takeover: Takeover;
}

const NEW_FILE: FileStory = { rows: 0, archived: false, ms: 0, passedOver: 0 };
const NEW_WORKER: WorkerStory = { waits: 0, waitedMs: 0 };

/** All that the workers have told. */
export class History {
  readonly takeovers: TakenOver[] = [];
  readonly #files = new Map<string, FileStory>();
  readonly #workers = new Map<string, WorkerStory>();

  get archived(): number {
    return [...this.#files.values()].filter(({ archived }) => archived).length;
  }

  /** The files that are being processed now. */
  get underWay(): (FileStory & { readonly file: string })[] {
    const stories = [...this.#files].map(([file, story]) => ({ file, ...story }));
    return stories.filter(({ worker, archived }) => worker !== undefined && !archived);
  }

  file(file: string): FileStory {
    return this.#files.get(file) ?? NEW_FILE;
  }

  worker(worker: string): WorkerStory {
    return this.#workers.get(worker) ?? NEW_WORKER;
  }

  add(worker: string, news: News): void {
    switch (news.kind) {
      case 'claimed':
        this.#update(news.file, { worker, rows: 0 });
        break;
      case 'taken-over':
        this.takeovers.push({ file: news.file, worker, takeover: news.takeover });
        break;
      case 'progress':
        this.#update(news.file, { rows: news.rows });
        break;
      case 'archived':
        this.#update(news.file, { archived: true, ms: news.ms });
        break;
      case 'passed-over':
        this.#update(news.file, { passedOver: this.file(news.file).passedOver + 1 });
        break;
      case 'waited': {
        const { waits, waitedMs } = this.worker(worker);
        this.#workers.set(worker, { waits: waits + 1, waitedMs: waitedMs + news.ms });
      }
    }
  }

  #update(file: string, change: Partial<FileStory>): void {
    this.#files.set(file, { ...this.file(file), ...change });
  }
}
