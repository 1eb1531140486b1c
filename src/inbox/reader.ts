import { VfsError } from '../vfs/errors.js';
import { VfsFile } from '../vfs/file.js';
import { LockForeignError } from '../lock/model/errors.js';
import { Lockfile } from '../lock/lockfile.js';
import { lockPath } from '../vfs/names.js';
import { sleep } from '../util/sleep.js';
import type { Entry, Stat } from '../vfs/vfs.js';
import { AttemptCounter } from './attempts.js';
import { Claim } from './claim.js';
import { ClaimedFile } from './claimed-file.js';
import type { ResolvedInboxOptions, SkipReason } from './options.js';
import { Inspector } from '../lock/inspect.js';
import type { Folder } from '../vfs/path.js';
import { scanInbox, type InboxScan } from './scan.js';
import { SettleTracker } from './settle.js';

/** For how many poll intervals a file that was released is left to other workers. */
const ASIDE_POLLS = 10;

/** Why a file is not claimed. Without a reason, `onSkip` is not called. */
interface Skipped {
  readonly reason?: SkipReason;
  readonly error?: unknown;
  /** Whether somebody may claim it later. */
  readonly waits?: boolean;
  /** How soon it can be claimed, in milliseconds, if that is known. */
  readonly settlesInMs?: number;
}

/** Finds and claims the files for one iteration of an inbox. */
export class InboxReader {
  readonly #folder: Folder;
  readonly #options: ResolvedInboxOptions;
  readonly #pollMs: number;
  readonly #inspector: Inspector;
  readonly #files: SettleTracker;
  readonly #counter = new AttemptCounter();
  readonly #open = new Set<string>();
  #scan: InboxScan | undefined;
  /** Why files could not be claimed, as long as none could. */
  #denied: VfsError | undefined;
  #hasClaimed = false;
  #wake: (() => void) | undefined;

  constructor(folder: Folder, options: ResolvedInboxOptions) {
    this.#folder = folder;
    this.#options = options;
    this.#pollMs = options.pollMs ?? folder.vfs.capabilities.poll.maxMs;
    this.#inspector = new Inspector(folder.vfs, options.ttlMs, options.ownerId);
    this.#files = new SettleTracker(options.settleMs, folder.vfs.capabilities.clock.resolutionMs);
  }

  /** Waits for the next claim. Returns undefined at the end of the iteration. */
  async next(): Promise<Claim | undefined> {
    try {
      while (!this.#isStopped()) {
        if (this.#open.size >= this.#options.concurrency) {
          await this.#untilOneEnds();
          continue;
        }
        const scan = await this.#currentScan();
        const claim = await this.#claimFrom(scan);
        if (claim) return claim;
        if (this.#isStopped()) return undefined;
        if (this.#isOver(scan)) {
          this.#end();
          return;
        }
        this.#scan = undefined;
        if (!scan.claimed) await sleep(Math.min(this.#pollMs, scan.settlesInMs), this.#options.signal);
      }
      return undefined;
    } catch (error) {
      if (this.#isStopped()) return undefined;
      throw error;
    }
  }

  #isStopped(): boolean {
    return this.#options.signal?.aborted ?? false;
  }

  /** Waits until one of the open claims has ended or the signal aborts. */
  async #untilOneEnds(): Promise<void> {
    const { signal } = this.#options;
    const wake = (): void => this.#wake?.();
    signal?.addEventListener('abort', wake);
    await new Promise<void>((resolve) => (this.#wake = resolve));
    signal?.removeEventListener('abort', wake);
  }

  /** The last scan, or a new one if that is old: the caller's work on a file may take any time. */
  async #currentScan(): Promise<InboxScan> {
    if (this.#scan === undefined || this.#scan.isOld(this.#pollMs)) {
      this.#scan = await scanInbox(this.#folder, this.#options);
      this.#files.observe(this.#scan.entries);
    }
    return this.#scan;
  }

  #isOver({ claimed, waits, settlesInMs }: InboxScan): boolean {
    const { until } = this.#options;
    if (claimed || until === undefined) return false;
    return until === 'idle' ? settlesInMs === Infinity : !waits;
  }

  /** An inbox in which this user may take no lock is not empty. */
  #end(): undefined {
    if (this.#denied && !this.#hasClaimed) throw this.#denied;
  }

  async #claimFrom(scan: InboxScan): Promise<Claim | undefined> {
    for (let entry = scan.take(); entry !== undefined && !this.#isStopped(); entry = scan.take()) {
      const file = new VfsFile(this.#folder.vfs, entry.path);
      const outcome = await this.#tryClaim(file, entry, scan);
      if (outcome instanceof Claim) {
        scan.claimed = true;
        this.#hasClaimed = true;
        return outcome;
      }
      if (outcome.waits) scan.waits = true;
      scan.settlesInMs = Math.min(scan.settlesInMs, outcome.settlesInMs ?? Infinity);
      if (outcome.reason) this.#options.onSkip(file, outcome.reason, outcome.error);
    }
    return undefined;
  }

  async #tryClaim(file: VfsFile, entry: Entry, scan: InboxScan): Promise<Claim | Skipped> {
    const { path } = file;
    if (this.#open.has(path)) return { waits: true };
    if (this.#files.isAside(entry)) return {};
    if (this.#files.isChanging(path)) return GROWING;
    const settlesInMs = this.#files.unsettledMs(path);
    if (settlesInMs > 0) return { ...GROWING, settlesInMs };
    const isLocked = scan.locks.has(lockPath(path));
    try {
      if (isLocked && !(await this.#isTakeable(path))) return HELD;
      const found = await this.#check(file);
      return isSkipped(found) ? found : await this.#lock(file);
    } catch (error) {
      if (!isAboutOneFile(error, isLocked)) throw error;
      if (isDenied(error)) this.#denied = error;
      this.#setAside(path);
      return { reason: 'unlockable', error };
    }
  }

  /** Reads an existing lock first, because most of them are held and an attempt to acquire costs more. */
  async #isTakeable(path: string): Promise<boolean> {
    const { state } = await this.#inspector.inspect(path, { signal: this.#options.signal });
    return state !== 'held' && state !== 'unreadable';
  }

  async #lock(file: VfsFile): Promise<Claim | Skipped> {
    const lock = new Lockfile(file, this.#options.lock);
    if (!(await lock.tryAcquire())) return HELD;
    let claim: Claim | undefined;
    try {
      const found = await this.#check(file);
      if (isSkipped(found)) return found;
      if (this.#isStopped()) return {};
      claim = await this.#claimOf(new ClaimedFile(file.vfs, file.path, found), lock, found);
    } finally {
      if (!claim) await lock.release();
    }
    return claim.attempts > this.#options.maxAttempts ? this.#giveUp(claim) : claim;
  }

  async #claimOf(file: ClaimedFile, lock: Lockfile, found: Stat): Promise<Claim> {
    const counter = this.#options.maxAttempts === Infinity ? undefined : this.#counter;
    const attempts = (await counter?.begin(file, found)) ?? 1;
    this.#open.add(file.path);
    return new Claim(file, lock, attempts, {
      onMoved: async () => counter?.clear(file),
      onSettled: (released) => {
        this.#onEnd(file.path, released);
      },
    });
  }

  async #giveUp(claim: Claim): Promise<Skipped> {
    const { maxAttempts, failed } = this.#options;
    try {
      const reason = `was claimed ${String(maxAttempts)} times, and each time neither archived nor failed`;
      await claim.fail(failed, new Error(`${claim.file.name} ${reason}`));
      return { reason: 'given-up' };
    } catch (error) {
      if (!(error instanceof VfsError)) throw error;
      await claim.release();
      return { reason: 'given-up', error };
    }
  }

  /** Returns what there is if the file exists and has not changed since the scan. */
  async #check(file: VfsFile): Promise<Stat | Skipped> {
    const stat = await file.stat();
    if (stat === undefined) return { reason: 'vanished' };
    return this.#files.isUnchanged(file.path, stat) ? stat : GROWING;
  }

  #onEnd(path: string, released: boolean): void {
    this.#open.delete(path);
    if (released) this.#setAside(path);
    this.#wake?.();
  }

  #setAside(path: string): void {
    this.#files.setAside(path, this.#options.until === undefined ? ASIDE_POLLS * this.#pollMs : Infinity);
  }
}

function isSkipped(found: Stat | Skipped): found is Skipped {
  return !('size' in found);
}

const HELD: Skipped = { reason: 'held', waits: true };
const GROWING: Skipped = { reason: 'growing', waits: true };

/** Whether an error concerns this file only: its name is too long, its lock belongs to another program or user. */
function isAboutOneFile(error: unknown, isLocked: boolean): boolean {
  if (error instanceof LockForeignError) return true;
  if (isDenied(error)) return isLocked;
  return error instanceof VfsError && ['ERR_VFS_PATH', 'ERR_VFS_NOT_A_FILE'].includes(error.code);
}

function isDenied(error: unknown): error is VfsError {
  return error instanceof VfsError && error.code === 'ERR_VFS_DENIED';
}
