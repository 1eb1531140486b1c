import { abortAfter } from '../../util/abort.js';
import { monotonicMs } from '../../util/time.js';
import { freshId } from '../../util/fresh-id.js';
import { lockPath, stagedPath } from '../../vfs/names.js';
import { effectOf, type VfsError } from '../../vfs/errors.js';
import type { ReadOptions, Snapshot, Version, Vfs, Written } from '../../vfs/vfs.js';
import { nameOf, pathIn, type Folder } from '../../vfs/path.js';

/** The store did not do what it claims. The message says what it did instead. */
export class ProbeFailed extends Error {
  override readonly name = 'ProbeFailed';
}

type Timed = 'read' | 'create' | 'replace' | 'remove';

/** How long the removal of scratch files may take, also after the diagnosis was aborted. */
const CLEAR_LIMIT_MS = 10_000;

/** What a probe works with: the store, scratch files of its own, and the time that each operation took. */
export class ProbeContext {
  readonly vfs: Vfs;
  readonly folder: Folder;
  readonly signal: AbortSignal | undefined;
  clockAheadMs: number | undefined;
  /** Why the folder may not even be listed. */
  refusal: VfsError | undefined;
  /** How many races were run. */
  races = 0;
  readonly #scratch: string[] = [];
  #isTouched = false;
  readonly #times = new Map<Timed, number[]>();

  constructor(folder: Folder, signal: AbortSignal | undefined) {
    this.folder = folder;
    this.vfs = folder.vfs;
    this.signal = signal;
  }

  get roundTripMs(): Partial<Record<Timed, number>> {
    return Object.fromEntries([...this.#times].map(([verb, times]) => [verb, medianOf(times)]));
  }

  /** Whether nothing was changed yet, or every change was refused. */
  get isUntouched(): boolean {
    return !this.#isTouched;
  }

  /** Notes that a change was made, or may have been. */
  touch(): void {
    this.#isTouched = true;
  }

  /** A path in the folder where no file exists. */
  fresh(): string {
    const path = stagedPath(pathIn(this.folder, 'scratch'), freshId());
    this.#scratch.push(path);
    return path;
  }

  /** The path of a lock file in the folder that does not exist. */
  freshLock(): string {
    const path = lockPath(stagedPath(pathIn(this.folder, 'scratch'), freshId()));
    this.#scratch.push(path);
    return path;
  }

  /** The path of a file in the folder whose name has this number of bytes. Its lock is a scratch file. */
  longer(bytes: number): string {
    const path = stagedPath(pathIn(this.folder, 'scratch'), `${freshId()}-`);
    const longer = path + 'n'.repeat(bytes - Buffer.byteLength(nameOf(path)));
    this.#scratch.push(lockPath(longer));
    return longer;
  }

  /** A content that no other call returns. */
  content(): Uint8Array {
    return Buffer.from(`vfs-lockfile doctor ${freshId()}\n`);
  }

  read(path: string, options: ReadOptions = {}): Promise<Snapshot | undefined> {
    return this.#timed('read', () => this.vfs.read(path, { ...options, signal: this.signal }));
  }

  /** `via`: the holder's folder that `data` names. */
  create(path: string, data: Uint8Array, via?: string): Promise<Written | undefined> {
    return this.#timed('create', () => this.vfs.create(path, data, { signal: this.signal, via }));
  }

  replace(path: string, version: Version, data: Uint8Array, via?: string): Promise<Written | undefined> {
    return this.#timed('replace', () => this.vfs.replace(path, version, data, { signal: this.signal, via }));
  }

  remove(path: string, version: Version): Promise<boolean> {
    return this.#timed('remove', () => this.vfs.remove(path, version, { signal: this.signal }));
  }

  /** Creates a file. Throws `ProbeFailed` if the store says that one exists. */
  async created(path: string, data: Uint8Array): Promise<Version> {
    const written = await this.create(path, data);
    if (written === undefined) throw new ProbeFailed('a create fails as if the file existed, and it does not');
    return written.version;
  }

  /** Throws `ProbeFailed` unless the file has exactly this content, or does not exist if that is undefined. */
  async holds(path: string, data: Uint8Array | undefined, after: string): Promise<void> {
    const found = (await this.read(path))?.data;
    if (found === undefined && data !== undefined) throw new ProbeFailed(`after ${after} the file is gone`);
    if (found !== undefined && data === undefined) throw new ProbeFailed(`after ${after} the file is still there`);
    if (found && data && !Buffer.from(found).equals(data))
      throw new ProbeFailed(`after ${after} the file has another content`);
  }

  /** Removes every scratch file. Returns the display paths of those that could not be removed. */
  async clear(): Promise<readonly string[]> {
    const signal = abortAfter(CLEAR_LIMIT_MS);
    const left: string[] = [];
    if (this.isUntouched) return left;
    for (const path of this.#scratch) {
      try {
        await this.#discard(path, signal);
        if (await this.vfs.stat(path, { signal })) left.push(this.vfs.locate(path));
      } catch {
        if (await this.#mayBeThere(path, signal)) left.push(this.vfs.locate(path));
      }
    }
    return left;
  }

  /** A bucket may refuse to delete a lock whose version is not named. */
  async #discard(path: string, signal: AbortSignal): Promise<void> {
    try {
      await this.vfs.delete(path, { signal });
    } catch (error) {
      const found = await this.vfs.read(path, { signal });
      if (found && !(await this.vfs.remove(path, found.version, { signal }))) throw error;
    }
  }

  async #mayBeThere(path: string, signal: AbortSignal): Promise<boolean> {
    try {
      return (await this.vfs.stat(path, { signal })) !== undefined;
    } catch {
      return true;
    }
  }

  async #timed<T>(verb: Timed, call: () => Promise<T>): Promise<T> {
    const startedMs = monotonicMs();
    const answer = await call().catch((error: unknown) => {
      if (verb !== 'read' && effectOf(error) === 'unknown') this.touch();
      throw error;
    });
    if (verb !== 'read') this.touch();
    const times = this.#times.get(verb) ?? [];
    times.push(monotonicMs() - startedMs);
    this.#times.set(verb, times);
    return answer;
  }
}

function medianOf(times: readonly number[]): number {
  return [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;
}
