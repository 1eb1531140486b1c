import { Volume } from 'memfs';
import { afterEach, beforeEach, vi } from 'vitest';

import { fakeGlobals, realGlobals } from '../fake-time.js';
import { Lockfile, type LockOptions, type LockRecord, VfsFile } from '../../../src/index.js';
import { memVfs } from '../../../src/backends/mem/index.js';
import { decodeRecord } from '../../../src/lock/model/record.js';
import { FaultyVfs, type StoreOptions } from './faulty-vfs.js';

/** Where every lock of these tests stands. */
export const FILE = 'data.csv';
export const LOCK = 'data.csv.lock';

const STORE_EPOCH_MS = Date.UTC(2026, 10, 20);

/** Time stands still in each test until the test advances it: timers and both clocks of this process. */
export function useFakeTime(): void {
  beforeEach(() => {
    fakeGlobals({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'] });
  });
  afterEach(() => {
    realGlobals();
  });
}

/** Lets time go by, and everything happen that is due. */
export async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

/** Sets the wall clock of this process, and nothing else, forward or back. */
export function jump(ms: number): void {
  vi.setSystemTime(Date.now() + ms);
}

/** One store with a clock of its own, seen from any number of machines. */
export class Lab {
  readonly #volume = new Volume();

  /** What does not share a queue with anybody else, as another process or machine would not. */
  machine(options: StoreOptions = {}): FaultyVfs {
    return new FaultyVfs(memVfs({ volume: this.#volume, now: () => STORE_EPOCH_MS + performance.now() }), options);
  }

  /** The bytes in the lock file; undefined: there is none. */
  get bytes(): string | undefined {
    return this.#volume.existsSync(`/${LOCK}`) ? String(this.#volume.readFileSync(`/${LOCK}`)) : undefined;
  }

  get record(): LockRecord | undefined {
    return this.bytes === undefined ? undefined : decodeRecord(Buffer.from(this.bytes));
  }

  /** Does to the lock file what somebody does who knows nothing of this library. */
  put(content: string | undefined): void {
    if (content === undefined) this.#volume.unlinkSync(`/${LOCK}`);
    else this.#volume.writeFileSync(`/${LOCK}`, content);
    const seconds = (STORE_EPOCH_MS + performance.now()) / 1000;
    if (content !== undefined) this.#volume.utimesSync(`/${LOCK}`, seconds, seconds);
  }
}

export function lockOn(vfs: FaultyVfs, options?: LockOptions): Lockfile {
  return new Lockfile(new VfsFile(vfs, FILE), options);
}

/** What a promise came to, without waiting for it: undefined while it is open. */
export function outcome<T>(promise: Promise<T>): {
  readonly value?: T;
  readonly error?: unknown;
  readonly open: boolean;
} {
  const seen: { value?: T; error?: unknown; open: boolean } = { open: true };
  promise.then(
    (value) => Object.assign(seen, { value, open: false }),
    (error: unknown) => Object.assign(seen, { error, open: false }),
  );
  return seen;
}
