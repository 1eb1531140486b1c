import { clearTimeout, setTimeout } from 'node:timers';
import { constants } from 'node:fs';
import { performance } from 'node:perf_hooks';

import { SilenceError } from '../../util/abort.js';
import type { Eventual } from '../../util/steps.js';
import { gateOf, type Gate } from './gate.js';
import { pooledCalls, type Syscalls } from './syscalls.js';

/** How long an operation that was aborted may take to end by itself, and so to know what it has done. */
export const ENDING_MS = 250;

/** The caller gave up while a system call was under way. */
export class UnfinishedError extends Error {
  override readonly name = 'UnfinishedError';
}

export interface Limits {
  readonly signal: AbortSignal | undefined;
  /** How long the disk may be silent, in milliseconds. */
  readonly limitMs: number;
}

/** One operation on a disk that may hang: it settles when its signal aborts, and when the disk is silent for too long. */
export class PatientOperation {
  readonly #gate: Gate;
  #answeredMs = performance.now();
  #isGivenUp = false;

  constructor(folder: string, mayHang: boolean) {
    this.#gate = gateOf(folder, mayHang);
  }

  /** The system calls for this operation, one at a time in its folder. Once it is given up, they bring nothing new into being. */
  get calls(): Syscalls {
    const calls = pooledCalls;
    const go = <T>(call: () => Eventual<T>): Promise<T> => this.ask(call);
    const make = <T>(call: () => Eventual<T>): Promise<T> =>
      go(() => {
        if (this.#isGivenUp) throw new UnfinishedError('the operation was given up');
        return call();
      });
    return {
      open: (path, flags, mode) => ((flags & constants.O_CREAT) === 0 ? go : make)(() => calls.open(path, flags, mode)),
      close: (fd) => go(() => calls.close(fd)),
      fstat: (fd) => go(() => calls.fstat(fd)),
      read: (fd, buffer) => go(() => calls.read(fd, buffer)),
      write: (fd, data) => go(() => calls.write(fd, data)),
      fchmod: (fd, mode) => go(() => calls.fchmod(fd, mode)),
      stat: (path) => go(() => calls.stat(path)),
      lstat: (path) => go(() => calls.lstat(path)),
      chmod: (path, mode) => go(() => calls.chmod(path, mode)),
      fchown: (fd, uid, gid) => go(() => calls.fchown(fd, uid, gid)),
      mkdir: (path, mode) => make(() => calls.mkdir(path, mode)),
      rename: (from, to) => make(() => calls.rename(from, to)),
      link: (from, to) => make(() => calls.link(from, to)),
      unlink: (path) => go(() => calls.unlink(path)),
      rmdir: (path) => go(() => calls.rmdir(path)),
      readdir: (path) => go(() => calls.readdir(path)),
      diskType: (path) => go(() => calls.diskType(path)),
      pause: async (ms, signal) => {
        await calls.pause(ms, signal);
        this.#answeredMs = performance.now();
      },
    };
  }

  /** Makes one call when its turn has come. */
  async ask<T>(call: () => Eventual<T>): Promise<T> {
    try {
      return await this.#gate.run(call);
    } finally {
      this.#answeredMs = performance.now();
    }
  }

  /** The outcome of the operation, or an error as soon as it is given up. Then it continues in the background, and cleans up. */
  async settle<T>(work: () => Promise<T>, { signal, limitMs }: Limits): Promise<T> {
    this.#gate.enter();
    const working = work().finally(() => this.#gate.leave());
    const timers = new Set<NodeJS.Timeout>();
    let onAbort: (() => void) | undefined;
    const givenUp = new Promise<never>((_, reject) => {
      const giveUp = (reason: Error): void => {
        this.#isGivenUp = true;
        reject(reason);
      };
      const check = (): void => {
        const leftMs = limitMs - (performance.now() - Math.max(this.#answeredMs, this.#gate.answeredMs));
        if (leftMs > 0) timers.add(setTimeout(check, leftMs + ENDING_MS));
        else giveUp(new SilenceError(limitMs));
      };
      timers.add(setTimeout(check, limitMs + ENDING_MS));
      onAbort = () => timers.add(setTimeout(() => giveUp(new UnfinishedError('given up')), ENDING_MS));
      signal?.addEventListener('abort', onAbort, { once: true });
      if (signal?.aborted) onAbort();
    });
    try {
      return await Promise.race([working, givenUp]);
    } finally {
      timers.forEach(clearTimeout);
      if (onAbort) signal?.removeEventListener('abort', onAbort);
    }
  }
}
