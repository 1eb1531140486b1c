import { monotonicMs } from '../util/time.js';
import { freshId } from '../util/fresh-id.js';
import { stagedPath } from '../vfs/names.js';
import type { LockSource } from './model/reader.js';
import type { CallOptions, FolderTimes, ReadOptions, Snapshot, Vfs } from '../vfs/vfs.js';
import { folderOf } from '../vfs/path.js';

/** For how many milliseconds this process's own clock continues a folder's time before the store is asked again. */
const SAMPLE_FOR_MS = 10_000;

const MOST_FOLDERS = 1000;

interface Sample {
  readonly nowMs: number | undefined;
  /** When the answer arrived, on the monotonic clock, so that the continued time is never ahead of the store. */
  readonly atMs: number;
}

/**
 * Reads files as its `Vfs` does, with the store's time in every snapshot. As that may cost a scratch file, the store is asked
 * for its time once in a while only. Each folder is asked separately, as folders may stand on different disks.
 */
export class StoreClock implements LockSource {
  readonly #vfs: Vfs;
  readonly #samples = new Map<string, Sample>();
  readonly #scratch = new Set<string>();

  constructor(vfs: Vfs) {
    this.#vfs = vfs;
  }

  async read(path: string, options: ReadOptions = {}): Promise<Snapshot | undefined> {
    const folder = folderOf(path);
    const sample = this.#samples.get(folder);
    if (sample !== undefined && monotonicMs() - sample.atMs < SAMPLE_FOR_MS) {
      const snapshot = await this.#vfs.read(path, { ...options, clock: false });
      if (snapshot === undefined || sample.nowMs === undefined) return snapshot;
      const nowMs = sample.nowMs + (monotonicMs() - sample.atMs);
      // Otherwise it was changed a moment ago, or its timestamp is in the future: only the store's time shows which.
      if (nowMs >= snapshot.modifiedMs) return { ...snapshot, nowMs };
    }
    const snapshot = await this.#vfs.read(path, { ...options, clock: true });
    if (snapshot) this.#keep(folder, snapshot.nowMs);
    return snapshot;
  }

  async folderTimes(path: string, options: ReadOptions = {}): Promise<FolderTimes | undefined> {
    return await this.#vfs.folderTimes?.(path, { ...options, clock: true });
  }

  /** The time in a folder, found by the modification time of a scratch file. Undefined: it cannot be found. */
  async now(folder: string, options: CallOptions): Promise<number | undefined> {
    const { nowMs, atMs } = this.#samples.get(folder) ?? (await this.#ask(folder, options));
    return nowMs === undefined ? undefined : nowMs + (monotonicMs() - atMs);
  }

  /** Whether this clock made the file at `path`, as a scratch file. */
  made(path: string): boolean {
    return this.#scratch.has(path);
  }

  async #ask(folder: string, options: CallOptions): Promise<Sample> {
    const scratch = stagedPath(folder === '' ? '' : `${folder}/`, freshId());
    this.#scratch.add(scratch);
    try {
      await this.#vfs.write(scratch, new Uint8Array(), options);
      // In some folders of such a store the modification time is not by the store's clock: only a read shows whether it is.
      const mixed = this.#vfs.capabilities.clock.except !== undefined;
      const nowMs = mixed
        ? (await this.#vfs.read(scratch, { ...options, clock: true }))?.nowMs
        : (await this.#vfs.stat(scratch, options))?.modifiedMs;
      return this.#keep(folder, nowMs);
    } catch {
      options.signal?.throwIfAborted();
      return this.#keep(folder, undefined);
    } finally {
      await this.#vfs.delete(scratch).catch(() => undefined);
    }
  }

  #keep(folder: string, nowMs: number | undefined): Sample {
    if (this.#samples.size >= MOST_FOLDERS) this.#samples.clear();
    const sample = { nowMs, atMs: monotonicMs() };
    this.#samples.set(folder, sample);
    return sample;
  }
}
