import { VfsError } from '../vfs/errors.js';
import { VfsFile } from '../vfs/file.js';
import { Lockfile } from '../lock/lockfile.js';
import { lockPath } from '../vfs/names.js';
import { sleep } from '../util/sleep.js';
import type { Entry } from '../vfs/vfs.js';
import { Claim } from './claim.js';
import type { ResolvedInboxOptions, SkipReason } from './options.js';
import { Inspector } from '../lock/inspect.js';
import type { Folder } from '../vfs/path.js';
import { scanInbox, type InboxScan } from './scan.js';
import { SettleTracker } from './settle.js';

/** For how many pauses a file that was given back is left to others. */
const ASIDE_POLLS = 10;

/** Why a file is not claimed; without a reason where nobody needs to be told. */
interface Skipped {
  readonly reason?: SkipReason;
  readonly error?: unknown;
  /** Whether it may be claimed later, by whomever; how soon, where that is known. */
  readonly waits?: boolean;
  readonly settlesInMs?: number;
}

/** One iteration's way through an inbox. */
export class InboxReader {
  readonly #folder: Folder;
  readonly #terms: ResolvedInboxOptions;
  readonly #pollMs: number;
  readonly #inspector: Inspector;
  readonly #files: SettleTracker;
  readonly #open = new Set<string>();
  #round: InboxScan | undefined;
  #wake: (() => void) | undefined;

  constructor(folder: Folder, terms: ResolvedInboxOptions) {
    this.#folder = folder;
    this.#terms = terms;
    this.#pollMs = terms.pollMs ?? folder.vfs.capabilities.poll.maxMs;
    this.#inspector = new Inspector(folder.vfs, terms.ttlMs, terms.ownerId);
    this.#files = new SettleTracker(terms.settleMs, folder.vfs.capabilities.clock.resolutionMs);
  }

  /** The next claim, as soon as there is one; undefined at the end. */
  async next(): Promise<Claim | undefined> {
    try {
      while (!this.#isStopped()) {
        if (this.#open.size >= this.#terms.concurrency) {
          await this.#settlement();
          continue;
        }
        const round = await this.#currentRound();
        const claim = await this.#claimFrom(round);
        if (claim) return claim;
        if (this.#isStopped() || this.#isOver(round)) return undefined;
        this.#round = undefined;
        if (!round.claimed) await sleep(Math.min(this.#pollMs, round.settlesInMs), this.#terms.signal);
      }
      return undefined;
    } catch (error) {
      if (this.#isStopped()) return undefined;
      throw error;
    }
  }

  #isStopped(): boolean {
    return this.#terms.signal?.aborted ?? false;
  }

  /** Resolves when one of the open claims is settled, or the signal aborts. */
  async #settlement(): Promise<void> {
    const { signal } = this.#terms;
    const wake = (): void => this.#wake?.();
    signal?.addEventListener('abort', wake);
    await new Promise<void>((resolve) => (this.#wake = resolve));
    signal?.removeEventListener('abort', wake);
  }

  /** What was seen last, unless that is old by now: work on a file may take any time. */
  async #currentRound(): Promise<InboxScan> {
    if (this.#round === undefined || this.#round.isOld(this.#pollMs)) {
      this.#round = await scanInbox(this.#folder, this.#terms);
      this.#files.observe(this.#round.entries);
    }
    return this.#round;
  }

  #isOver({ claimed, waits, settlesInMs }: InboxScan): boolean {
    const { until } = this.#terms;
    if (claimed || until === undefined) return false;
    return until === 'idle' ? settlesInMs === Infinity : !waits;
  }

  async #claimFrom(round: InboxScan): Promise<Claim | undefined> {
    for (let entry = round.take(); entry !== undefined && !this.#isStopped(); entry = round.take()) {
      const file = new VfsFile(this.#folder.vfs, entry.path);
      const outcome = await this.#try(file, entry, round);
      if (outcome instanceof Claim) {
        round.claimed = true;
        return outcome;
      }
      if (outcome.waits) round.waits = true;
      round.settlesInMs = Math.min(round.settlesInMs, outcome.settlesInMs ?? Infinity);
      if (outcome.reason) this.#terms.onSkip(file, outcome.reason, outcome.error);
    }
    return undefined;
  }

  async #try(file: VfsFile, entry: Entry, round: InboxScan): Promise<Claim | Skipped> {
    const { path } = file;
    if (this.#open.has(path)) return { waits: true };
    if (this.#files.isAside(entry)) return {};
    if (this.#files.isChanging(path)) return GROWING;
    const settlesInMs = this.#files.unsettledMs(path);
    if (settlesInMs > 0) return { ...GROWING, settlesInMs };
    const isLocked = round.locks.has(lockPath(path));
    try {
      if (isLocked && !(await this.#isTakeable(path))) return HELD;
      return (await this.#whyNot(file)) ?? (await this.#lock(file));
    } catch (error) {
      if (!isAboutOneFile(error, isLocked)) throw error;
      this.#setAside(path);
      return { reason: 'unlockable', error };
    }
  }

  /** A look that costs no write, at what would mostly be held. */
  async #isTakeable(path: string): Promise<boolean> {
    const { state } = await this.#inspector.inspect(path, { signal: this.#terms.signal });
    return state !== 'held' && state !== 'unreadable';
  }

  async #lock(file: VfsFile): Promise<Claim | Skipped> {
    const lock = new Lockfile(file, this.#terms.lock);
    if (!(await lock.tryAcquire())) return HELD;
    let kept = false;
    try {
      const why = await this.#whyNot(file);
      if (why ?? this.#isStopped()) return why ?? {};
      kept = true;
      this.#open.add(file.path);
      return new Claim(this.#folder, file, lock, (givenBack) => this.#settled(file.path, givenBack));
    } finally {
      if (!kept) await lock.release();
    }
  }

  /** Undefined: it is there, and as it was seen. */
  async #whyNot(file: VfsFile): Promise<Skipped | undefined> {
    const stat = await file.stat();
    if (stat === undefined) return { reason: 'vanished' };
    return this.#files.isAsSeen(file.path, stat) ? undefined : GROWING;
  }

  #settled(path: string, givenBack: boolean): void {
    this.#open.delete(path);
    if (givenBack) this.#setAside(path);
    this.#wake?.();
  }

  #setAside(path: string): void {
    this.#files.setAside(path, this.#terms.until === undefined ? ASIDE_POLLS * this.#pollMs : Infinity);
  }
}

const HELD: Skipped = { reason: 'held', waits: true };
const GROWING: Skipped = { reason: 'growing', waits: true };

/** Whether an error says nothing about the other files: the name is too long, no file is in the lock's place, or it is another user's. */
function isAboutOneFile(error: unknown, isLocked: boolean): boolean {
  if (!(error instanceof VfsError)) return false;
  return ['ERR_VFS_PATH', 'ERR_VFS_NOT_A_FILE', ...(isLocked ? ['ERR_VFS_DENIED'] : [])].includes(error.code);
}
