import type { Obstacle } from '../errors.js';
import type { VfsFile } from '../file.js';
import { obstacleOf } from '../obstacle.js';
import { placeOf } from '../protocol/place.js';
import { Observer, type StaleReason } from '../protocol/staleness.js';
import { LOCK_READ_BYTES, type LockPlace } from '../protocol/tenure.js';

/** How long a lock that cannot be read is respected: the default lease. */
const UNREADABLE_TTL_MS = 30_000;

/** What one look at a lock tells. */
export interface View extends Obstacle {
  readonly state: 'free' | 'held' | 'stale' | 'unreadable';
  readonly reason: StaleReason | undefined;
  /** Whether the store told its time, without which an age is a lower bound and a lease an upper one. */
  readonly timed: boolean;
}

/** Looks at a lock without ever wanting it. */
export class Lookout {
  readonly #file: VfsFile;
  readonly #place: LockPlace;
  readonly #observer: Observer;
  #timed = false;

  constructor(file: VfsFile) {
    this.#file = file;
    this.#place = placeOf(file.vfs, file.vfs, file.path);
    this.#observer = new Observer({ ttlMs: UNREADABLE_TTL_MS, ownerId: '', grainMs: this.#place.grainMs });
  }

  async look(): Promise<View> {
    const { path, shown } = this.#place;
    const clock = this.#observer.needsClock;
    const snapshot = await this.#file.vfs.read(path, { clock, maxBytes: LOCK_READ_BYTES });
    const sighting = snapshot && this.#observer.see(snapshot);
    if (clock) this.#timed = snapshot?.nowMs !== undefined;
    const unreadable = sighting?.state === 'held' && sighting.record === undefined;
    return {
      ...obstacleOf(shown, sighting),
      state: unreadable ? 'unreadable' : (sighting?.state ?? 'free'),
      reason: sighting?.reason,
      timed: this.#timed,
    };
  }
}
