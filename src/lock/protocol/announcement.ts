import { abortAfter, untilAborted } from '../../util/abort.js';
import { freshId } from '../../util/fresh-id.js';
import { clearTimeout, monotonicMs, setTimeout, wallMs } from '../../util/time.js';
import { effectOf } from '../../vfs/errors.js';
import { waiterPath } from '../../vfs/names.js';
import { nameOf } from '../../vfs/path.js';
import { thisProcess } from '../model/process.js';
import { encodeMark, LONGEST_MARK_MS, type Waiter } from '../model/waiter.js';
import { waitersFor } from '../model/waiters.js';
import type { Contender } from './contender.js';

/** A write or removal that takes longer is given up. */
const MARK_LIMIT_MS = 10_000;

/** How long the error of a wait that failed may be delayed to say who else waits. */
const OTHERS_LIMIT_MS = 500;

/** How long an orderly end of the process waits for marks to be removed. */
const ENDING_LIMIT_MS = 1000;

/** The marks that are being written or removed. */
const underWay = new Set<Promise<unknown>>();

/** Resolves when no mark is being written or removed any more, or after a moment. */
export async function announcementsEnded(): Promise<void> {
  if (underWay.size === 0) return;
  await untilAborted(Promise.all(underWay), abortAfter(ENDING_LIMIT_MS)).catch(() => undefined);
}

/**
 * The mark of a caller that waits, for others to see. It is written once the wait has lasted for longer than a poll, and removed at its
 * end, all of that beside the wait: it never delays or fails the lock.
 */
export class Announcement {
  readonly #contender: Contender;
  readonly #waitMs: number;
  readonly #afterMs: number;
  readonly #path: string;
  #timer: unknown;
  #written: Promise<boolean> | undefined;

  constructor(
    contender: Contender,
    { waitMs, pollMs }: { readonly waitMs: number; readonly pollMs?: number | undefined },
  ) {
    const { vfs, path } = contender.target;
    this.#contender = contender;
    this.#waitMs = waitMs;
    this.#afterMs = pollMs ?? vfs.capabilities.poll.maxMs;
    this.#path = waiterPath(path, freshId());
    this.#schedule();
  }

  /** Ends it. What is left to do is done in the background. */
  end(): void {
    clearTimeout(this.#timer);
    const { vfs } = this.#contender.target;
    const written = this.#written;
    if (written === undefined) return;
    void inBackground(async () => {
      if (await written) await vfs.delete(this.#path, { signal: abortAfter(MARK_LIMIT_MS) });
    });
  }

  /** Who else has announced a wait for the same lock. Undefined: this caller itself has not, or nobody knows soon enough. */
  async others(): Promise<readonly Waiter[] | undefined> {
    if (this.#written === undefined) return undefined;
    const { vfs, path } = this.#contender.target;
    const signal = abortAfter(OTHERS_LIMIT_MS);
    const others = waitersFor(vfs, path, { signal, except: this.#path });
    return untilAborted(others, signal).catch(() => undefined);
  }

  #schedule(): void {
    this.#timer = setTimeout(() => this.#announce(), this.#afterMs);
  }

  #announce(): void {
    // A store that is slow to answer does not mean that there is anybody to wait for.
    if (!this.#contender.isHeldByAnother) this.#schedule();
    else this.#written = inBackground(() => this.#write());
  }

  async #write(): Promise<void> {
    const { target, options, startedMs } = this.#contender;
    const { vfs } = target;
    const waitedMs = Math.round(monotonicMs() - startedMs);
    const { ownerId, user, command } = options;
    const data = encodeMark({
      lock: nameOf(target.path),
      ...thisProcess(),
      ...{ user, ownerId, command, waitedMs },
      since: new Date(wallMs() - waitedMs),
      forMs: Math.min(Math.max(0, this.#waitMs - waitedMs), LONGEST_MARK_MS),
    });
    if (data === undefined) return;
    const signal = abortAfter(MARK_LIMIT_MS);
    // On disks an append takes care that a folder of ours in somebody else's folder is no link that leads elsewhere.
    await (vfs.append ? vfs.append(this.#path, data, { signal }) : vfs.write(this.#path, data, { signal }));
  }
}

/** Runs work that nobody waits for. Resolves with whether it may have had an effect, and never rejects. */
function inBackground(work: () => Promise<void>): Promise<boolean> {
  const done = work().then(
    () => true,
    (error: unknown) => effectOf(error) !== 'none',
  );
  underWay.add(done);
  void done.finally(() => underWay.delete(done));
  return done;
}
