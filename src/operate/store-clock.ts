import { LOCK_READ_BYTES } from '../protocol/tenure.js';
import type { CallOptions, Snapshot, Vfs } from '../vfs.js';

/** For how long a folder's time is counted on by this process's own clock before the store is asked again, in milliseconds. */
const SAMPLE_FOR_MS = 10_000;

const MOST_FOLDERS = 1000;

interface Sample {
  readonly nowMs: number | undefined;
  /** When the answer was there, on the monotonic clock: so what is counted on is never ahead of the store. */
  readonly atMs: number;
}

/**
 * Reads lock files together with their store's time, which may cost a scratch file to ask for. So it is asked once in a while
 * for each folder, as folders may stand on different disks.
 */
export class StoreClock {
  readonly #vfs: Vfs;
  readonly #samples = new Map<string, Sample>();

  constructor(vfs: Vfs) {
    this.#vfs = vfs;
  }

  async read(path: string, options: CallOptions): Promise<Snapshot | undefined> {
    const folder = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    const sample = this.#samples.get(folder);
    if (sample !== undefined && performance.now() - sample.atMs < SAMPLE_FOR_MS) {
      const snapshot = await this.#vfs.read(path, { ...options, maxBytes: LOCK_READ_BYTES });
      if (snapshot === undefined || sample.nowMs === undefined) return snapshot;
      const nowMs = sample.nowMs + (performance.now() - sample.atMs);
      // Else it was changed a moment ago, or its time lies in the future, which only the store itself can tell.
      if (nowMs >= snapshot.modifiedMs) return { ...snapshot, nowMs };
    }
    const snapshot = await this.#vfs.read(path, { ...options, clock: true, maxBytes: LOCK_READ_BYTES });
    if (snapshot) this.#keep(folder, snapshot.nowMs);
    return snapshot;
  }

  #keep(folder: string, nowMs: number | undefined): void {
    if (this.#samples.size >= MOST_FOLDERS) this.#samples.clear();
    this.#samples.set(folder, { nowMs, atMs: performance.now() });
  }
}
