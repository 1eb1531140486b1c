import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

import {
  localVfs,
  VfsError,
  type LocalVfsOptions,
  type ReadOptions,
  type Snapshot,
  type Version,
  type VfsErrorCode,
  type Effect,
  type Written,
} from '../../../src/index.js';
import { WrappedVfs } from './wrapped-vfs.js';

/** What the thread answers to each call. */
type Answer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly code: VfsErrorCode; readonly message: string; readonly effect: Effect };

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** The local disk as another thread sees it, whose system calls really run beside ours. */
export class ThreadVfs extends WrappedVfs {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;

  private constructor(worker: Worker, options: LocalVfsOptions) {
    super(localVfs(options));
    this.#worker = worker;
    worker.on('message', (answer: Answer) => this.#settle(answer));
    worker.on('error', (error) => this.#fail(error));
    worker.on('exit', () => this.#fail(new Error('the thread has ended')));
  }

  static async start(options: LocalVfsOptions): Promise<ThreadVfs> {
    const worker = new Worker(new URL('thread-vfs-worker.mjs', import.meta.url), { workerData: options });
    await once(worker, 'message');
    return new ThreadVfs(worker, options);
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  override read(path: string, { clock = false, maxBytes = Infinity }: ReadOptions = {}): Promise<Snapshot | undefined> {
    return this.#ask('read', path, { clock, maxBytes });
  }
  override create(path: string, data: Uint8Array): Promise<Written | undefined> {
    return this.#ask('create', path, data);
  }
  override replace(path: string, version: Version, data: Uint8Array): Promise<Written | undefined> {
    return this.#ask('replace', path, version, data);
  }
  override remove(path: string, version: Version): Promise<boolean> {
    return this.#ask('remove', path, version);
  }
  override write(path: string, data: Uint8Array): Promise<void> {
    return this.#ask('write', path, data);
  }
  override move(from: string, to: string): Promise<void> {
    return this.#ask('move', from, to);
  }
  override delete(path: string): Promise<boolean> {
    return this.#ask('delete', path);
  }

  #ask<T>(verb: string, ...args: readonly unknown[]): Promise<T> {
    const id = (this.#calls += 1);
    this.#worker.postMessage({ id, verb, args });
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as Waiting['resolve'], reject });
    });
  }

  #settle(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ('value' in answer) waiting?.resolve(answer.value);
    else waiting?.reject(new VfsError(answer.code, answer.message, { effect: answer.effect }));
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
