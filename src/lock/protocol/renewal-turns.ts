import { setTimeout } from 'node:timers';

/**
 * The most renewals in the background that are under way at once, where a store does them in this thread, one after the other. The
 * others wait here, so that the calls of users do not wait behind them: thousands of locks may be due at the same time.
 */
const MOST = 16;

/** If none of them has ended for so long, in milliseconds, a disk hangs. Those on other disks do not wait for it. */
const STALLED_MS = 100;

/** A renewal that is due. It may have become needless when its turn comes, and never rejects. */
export type DueRenewal = () => Promise<unknown>;

const waiting: DueRenewal[] = [];
/** Those under way, as far as they count: replaced when all of them are stalled. */
let underWay = { count: 0, ended: 0 };
let isWatched = false;

/** Runs a renewal as soon as fewer than `MOST` are under way, in the order in which they came. */
export function renewInTurn(renewal: DueRenewal): void {
  waiting.push(renewal);
  startNext();
}

function startNext(): void {
  const among = underWay;
  while (among.count < MOST) {
    const renewal = waiting.shift();
    if (renewal === undefined) return;
    among.count += 1;
    void renewal().finally(() => {
      among.count -= 1;
      among.ended += 1;
      if (among === underWay) startNext();
    });
  }
  if (waiting.length > 0) watch();
}

function watch(): void {
  if (isWatched) return;
  isWatched = true;
  const among = underWay;
  const { ended } = among;
  setTimeout(() => {
    isWatched = false;
    if (waiting.length === 0) return;
    if (among === underWay && among.ended === ended) underWay = { count: 0, ended: 0 };
    startNext();
  }, STALLED_MS).unref();
}
