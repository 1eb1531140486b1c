import type { HistoryEntry } from '../entry.js';

/** How a lock ended: `taken-over`: its holder had died or its lease was over. `open`: the history does not say. */
export type SpanEnd = 'released' | 'lost' | 'taken-over' | 'forced' | 'open';

/** One acquisition: how long it waited, and how long it held the lock. Times are milliseconds since 1970. */
export interface Span {
  readonly lane: string;
  readonly lock: string;
  readonly lockId: string;
  readonly ownerId: string;
  readonly hostname: string;
  readonly pid: number;
  /** When it began to wait. */
  askedMs: number;
  /** When it got the lock. Undefined: it did not, as far as is known. */
  heldMs: number | undefined;
  endMs: number | undefined;
  end: SpanEnd;
  /** Why it ended, or why it did not get the lock. */
  reason: string;
  readonly renewalsMs: number[];
  /** The acquisition that it took the lock over from. */
  takenFrom: string | undefined;
}

/** Only the last ones are drawn. */
const MOST_SPANS = 3000;
const MOST_RENEWALS = 100;

/** Shorter waits are no waits: it takes as long to get a free lock. */
const SHORTEST_WAIT_MS = 20;

/** Puts the entries of a history together. */
export class Spans {
  readonly #spans = new Map<string, Span>();
  #leftOut = 0;
  #firstMs = Infinity;
  #lastMs = -Infinity;

  /** The acquisitions that are drawn, the first one first. */
  get all(): readonly Span[] {
    return [...this.#spans.values()].sort((a, b) => a.askedMs - b.askedMs);
  }

  get leftOut(): number {
    return this.#leftOut;
  }

  /** From the first to the last entry. */
  get range(): { readonly fromMs: number; readonly toMs: number } {
    const fromMs = Math.min(this.#firstMs, this.#lastMs);
    return Number.isFinite(fromMs) ? { fromMs, toMs: this.#lastMs } : { fromMs: 0, toMs: 0 };
  }

  add(entry: HistoryEntry): void {
    const atMs = entry.at.getTime();
    const askedMs = atMs - (entry.event === 'acquire' || entry.event === 'wait' ? entry.durationMs : 0);
    this.#firstMs = Math.min(this.#firstMs, askedMs);
    this.#lastMs = Math.max(this.#lastMs, atMs);
    switch (entry.event) {
      case 'wait':
        this.#spanOf(entry, askedMs);
        break;
      case 'steal':
        this.#steal(entry, atMs);
        break;
      case 'acquire':
        this.#acquire(entry, askedMs, atMs);
        break;
      case 'renew':
        this.#renew(entry, atMs);
        break;
      case 'timeout':
      case 'fail':
        this.#end(entry, atMs, 'open');
        break;
      case 'lost':
        this.#end(entry, atMs, 'lost');
        break;
      case 'release':
        if (entry.reason !== 'failed') this.#end(entry, atMs, entry.reason === 'released' ? 'released' : 'lost');
        break;
      case 'force-release':
        this.#end(entry, atMs, 'forced');
        break;
    }
  }

  #acquire(entry: HistoryEntry, askedMs: number, atMs: number): void {
    const span = this.#spanOf(entry, askedMs);
    span.askedMs = atMs - askedMs < SHORTEST_WAIT_MS ? atMs : askedMs;
    span.heldMs = atMs;
  }

  #steal(entry: HistoryEntry, atMs: number): void {
    this.#spanOf(entry, atMs - entry.durationMs).takenFrom = entry.from?.lockId;
    const before = entry.from && this.#spans.get(entry.from.lockId);
    if (before?.endMs !== undefined || before === undefined) return;
    before.endMs = atMs;
    before.end = 'taken-over';
    before.reason = entry.reason;
    if (entry.reason === 'dead-process') this.#endAllOf(before, entry.lockId, atMs);
  }

  /** A process that has ended waits for nothing any more. The system may have given its number to the one that took over. */
  #endAllOf({ hostname, pid }: Span, takerId: string, atMs: number): void {
    for (const span of this.#spans.values()) {
      if (span.hostname !== hostname || span.pid !== pid || span.endMs !== undefined || span.lockId === takerId)
        continue;
      span.endMs = atMs;
      span.reason = 'its process has ended';
    }
  }

  #renew({ lockId, reason }: HistoryEntry, atMs: number): void {
    const span = this.#spans.get(lockId);
    if (span && reason === 'renewed' && span.renewalsMs.length < MOST_RENEWALS) span.renewalsMs.push(atMs);
  }

  #end({ lockId, reason, by }: HistoryEntry, atMs: number, end: SpanEnd): void {
    const span = this.#spans.get(lockId);
    if (span === undefined || span.endMs !== undefined) return;
    span.endMs = atMs;
    span.end = end;
    span.reason = by === undefined ? reason : `by ${by}: ${reason}`;
  }

  #spanOf({ lockId, lock, ownerId, hostname, pid }: HistoryEntry, askedMs: number): Span {
    const known = this.#spans.get(lockId);
    if (known) return known;
    const lane = ownerId === '' ? hostname : ownerId;
    const span: Span = {
      ...{ lane, lock, lockId, ownerId, hostname, pid, askedMs },
      ...{ heldMs: undefined, endMs: undefined, end: 'open', reason: '', renewalsMs: [], takenFrom: undefined },
    };
    this.#spans.set(lockId, span);
    const [oldest] = this.#spans.keys();
    if (this.#spans.size > MOST_SPANS && oldest !== undefined) {
      this.#spans.delete(oldest);
      this.#leftOut += 1;
    }
    return span;
  }
}
