import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import {
  Lockfile,
  VfsFile,
  type Capabilities,
  type ReadOptions,
  type Snapshot,
  type Version,
  type Written,
} from '../../../../src/index.js';
import { fakeGlobals, realGlobals } from '../../../support/fake-time.js';
import { memVfs } from '../../../../src/backends/mem/index.js';
import { noteRelease, Place } from '../../../../src/lock/protocol/crowd.js';
import { WrappedVfs } from '../../../support/stores/wrapped-vfs.js';

let locks = 0;
let key = '';

describe('F2: a lock that many wait for', () => {
  it.each([2, 50])('is handed over among %d processes at the cost of one attempt', async (count) => {
    const store = new Watched(memVfs());
    const clients = Array.from({ length: count }, (_, number) => new Client(store, String(number)));
    const locks = clients.map((client) => new Lockfile(new VfsFile(client, 'data.csv')));
    const [holder] = locks;
    await holder?.acquire();
    const taken = [holder];
    const waits = locks.slice(1).map(async (lock) => {
      await lock.acquire({ wait: '5m' });
      taken.push(lock);
    });
    await vi.waitUntil(() => store.watchers === count - 1);
    for (let next = 1; next < count; next += 1) {
      store.looks = 0;
      await taken.at(-1)?.release();
      await vi.waitUntil(() => taken.length > next && store.isQuiet, { timeout: 10_000, interval: 1 });
      expect(taken.length).toBe(next + 1);
      expect(store.looks).toBe(1);
    }
    await Promise.all(waits);
  });
});

/** One store for many processes: counts their looks, and wakes each of them in a turn of its own. */
class Watched extends WrappedVfs {
  looks = 0;
  readonly #listeners = new Set<() => void>();
  #notifying = 0;
  #exists = false;

  get watchers(): number {
    return this.#listeners.size;
  }
  get isQuiet(): boolean {
    return this.#notifying === 0;
  }

  override async create(path: string, data: Uint8Array): Promise<Written | undefined> {
    this.looks += 1;
    const written = await super.create(path, data);
    this.#exists ||= written !== undefined;
    return written;
  }
  override async read(path: string, options?: ReadOptions): Promise<Snapshot | undefined> {
    this.looks += 1;
    return super.read(path, options);
  }
  override async remove(path: string, version: Version): Promise<boolean> {
    const gone = await super.remove(path, version);
    this.#exists = false;
    for (const listener of this.#listeners) this.#notify(listener);
    this.#listeners.clear();
    return gone;
  }

  listen(listener: () => void): (() => void) | undefined {
    if (!this.#exists) return undefined;
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #notify(listener: () => void): void {
    this.#notifying += 1;
    setTimeout(() => {
      this.#notifying -= 1;
      listener();
    }, 1);
  }
}

/** The store as one process sees it. Nobody polls in the time of a test. */
class Client extends WrappedVfs {
  override readonly storeId: string;
  override readonly watch: (path: string, onChange: () => void) => (() => void) | undefined;

  constructor(store: Watched, storeId: string) {
    super(store);
    this.storeId = storeId;
    this.watch = (_path, onChange) => store.listen(onChange);
  }

  override get capabilities(): Capabilities {
    return { ...this.inner.capabilities, poll: { minMs: 60_000, maxMs: 60_000 } };
  }
}

/** A caller of this process has waited for `ms` milliseconds, and then got the lock. */
function waited(ms: number): Place {
  const place = new Place(key, performance.now());
  vi.advanceTimersByTime(ms);
  place.acquired(true);
  return place;
}

describe('F2: a caller among many who wait for one lock', () => {
  beforeEach(() => {
    fakeGlobals({ toFake: ['performance'] });
    key = `lock ${String((locks += 1))}`;
  });

  afterEach(() => {
    realGlobals();
  });

  it('reacts at once where nobody ever had to wait', () => {
    const place = new Place(key, performance.now());
    expect([place.yieldMs(), place.awayMs(), place.unreadMs()]).toEqual([0, 0, 0]);
  });

  it('stays away the longer, the less it has waited of what is usual', () => {
    waited(400);
    const place = new Place(key, performance.now());
    const away = [0, 100, 100, 160, 100].map((ms) => {
      vi.advanceTimersByTime(ms);
      return place.awayMs();
    });
    expect(away).toEqual([213, 146, 80, 0, 0]);
  });

  it('that was lucky does not become the one who is always faster', () => {
    waited(400);
    waited(10);
    expect(new Place(key, performance.now()).awayMs()).toBe(161);
  });

  it('learns that there are fewer than before when the lock was free on its return', () => {
    waited(400);
    const place = new Place(key, performance.now());
    vi.advanceTimersByTime(20);
    expect(place.awayMs()).toBeGreaterThan(0);
    place.acquired(true);
    expect(new Place(key, performance.now()).awayMs()).toBe(10);
  });

  it('looks before it writes where others had the lock lately, and not in the turns of its own process', () => {
    waited(16);
    expect(new Place(key, performance.now()).isCrowded).toBe(true);
    noteRelease(key);
    const again = new Place(key, performance.now());
    again.yieldMs();
    expect(again.isCrowded).toBe(false);
  });

  it('takes the lock three times in a row, and then lets others go first, until nobody else comes', () => {
    waited(16);
    const yields = Array.from({ length: 8 }, () => {
      noteRelease(key);
      const place = new Place(key, performance.now());
      const ms = place.yieldMs();
      place.acquired(false);
      return ms;
    });
    expect(yields.slice(0, 6)).toEqual([0, 0, 2, 0, 0, 1]);
    for (let times = 0; times < 20; times += 1) {
      noteRelease(key);
      const place = new Place(key, performance.now());
      place.yieldMs();
      place.acquired(false);
    }
    noteRelease(key);
    expect(new Place(key, performance.now()).isCrowded).toBe(false);
  });

  it('takes the lock again only for some milliseconds before it lets others go first', () => {
    waited(40);
    vi.advanceTimersByTime(11);
    noteRelease(key);
    expect(new Place(key, performance.now()).yieldMs()).toBe(5);
  });

  it('of a process that has the lock to itself lets others go first rarely, and then ever more rarely', () => {
    let yields = 0;
    for (let ms = 0; ms < 1000; ms += 1) {
      noteRelease(key);
      const place = new Place(key, performance.now());
      if (place.yieldMs() > 0) yields += 1;
      place.acquired(false);
      vi.advanceTimersByTime(1);
    }
    expect(yields).toBeGreaterThan(3);
    expect(yields).toBeLessThan(10);
  });

  it('does not let others go first when the release is longer ago', () => {
    waited(16);
    noteRelease(key);
    vi.advanceTimersByTime(2);
    expect(new Place(key, performance.now()).yieldMs()).toBe(0);
  });
});
