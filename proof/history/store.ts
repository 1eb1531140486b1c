import type { RecordedRecord } from '../../test/proof/torture/journal.mjs';
import { Refusal, type Call, type Step } from './history.js';

/** What is known of records and processes, whatever the order of the requests. */
export interface Known {
  /** The process that made an acquisition. */
  readonly ownerOf: ReadonlyMap<string, string>;
  /** When the process of an acquisition ended, in nanoseconds. */
  readonly endedAt: ReadonlyMap<string, number>;
  /** When somebody first meant to end an acquisition by force. */
  readonly forcedAt: ReadonlyMap<string, number>;
  /** Whether a client may repeat a request whose answer was lost, and then be told that it lost. */
  readonly repeats: boolean;
}

/** One way in which the requests can have been carried out up to now. */
interface Way {
  readonly file: RecordedRecord | undefined;
  /** When the request was sent that wrote it. */
  readonly sentAt: number;
  /** The highest token so far. */
  readonly top: bigint;
  /** Open requests that were carried out, or that met the file as their answer says. */
  readonly done: ReadonlySet<Call>;
}

/**
 * One lock file as the model has it: `file` and `top`, and `CarryOut`, `Serve` and `Late`. As nobody knows when a request was carried
 * out, all ways are followed that its answers allow. None left: the history is no behaviour of the model.
 */
export class LockStates {
  readonly #known: Known;
  readonly #open = new Set<Call>();
  #ways: readonly Way[] = [{ file: undefined, sentAt: 0, top: 0n, done: new Set() }];
  /** Which promises the last refused steps would have broken. */
  readonly #broken = new Set<string>();

  constructor(known: Known) {
    this.#known = known;
  }

  /** @throws {Refusal} No way leads on. */
  follow(step: Step): void {
    this.#carryOut(step.at);
    if (step.kind === 'send') this.#open.add(step.call);
    if (step.kind === 'send') this.#ways = this.#ways.map((way) => this.#met(way));
    if (step.kind === 'answer') this.#answered(step.call);
    if (step.kind === 'answer' || step.kind === 'send') this.#refuseIfNone(step, `${step.kind} of ${shown(step.call)}`);
  }

  /** The holder of an acquisition proved at this instant that it had the lock. */
  held(step: Step, acq: string): void {
    this.#carryOut(step.at);
    if ((this.#known.forcedAt.get(acq) ?? Infinity) <= step.at) return;
    this.#ways = this.#ways.filter(({ file }) => file?.acq === acq && !file.free);
    this.#refuseIfNone(step, `held, while the lock was not that of ${acq}`);
  }

  #refuseIfNone(step: Step, what: string): void {
    if (this.#ways.length === 0) throw new Refusal(step, `${what}; ${[...this.#broken].join(', ') || 'impossible'}`);
    this.#broken.clear();
  }

  /** All ways that requests which are open can be carried out by now. */
  #carryOut(at: number): void {
    const found = new Map<string, Way>();
    const next = [...this.#ways];
    for (let way = next.pop(); way; way = next.pop()) {
      const key = keyOf(way);
      if (found.has(key)) continue;
      found.set(key, way);
      for (const call of this.#open) {
        const after = way.done.has(call) ? undefined : this.#after(way, call, at);
        if (after) next.push(this.#met(after));
      }
    }
    this.#ways = [...found.values()];
  }

  /** What a request makes of the file, if it fits and can have been carried out. */
  #after(way: Way, call: Call, at: number): Way | undefined {
    const { op, outcome, record, expect } = call;
    if (op === 'read' || outcome === 'none' || (outcome === 'lost' && !this.#known.repeats)) return undefined;
    if (way.file?.id !== expect) return undefined;
    const broken = this.#breaks(way, call, at);
    if (broken !== undefined) this.#broken.add(broken);
    if (broken !== undefined) return undefined;
    const token = tokenOf(record);
    const top = token > way.top ? token : way.top;
    return { file: record, sentAt: call.sentAt, top, done: new Set([...way.done, call]) };
  }

  /** `Broken` of the model. */
  #breaks({ file, sentAt, top }: Way, { record, process }: Call, at: number): string | undefined {
    const { ownerOf, endedAt, forcedAt } = this.#known;
    const isAcquisition = record !== undefined && !record.free && record.acq !== file?.acq;
    if (isAcquisition && top > 0n && tokenOf(record) <= top) return 'the order of the tokens';
    if (record === undefined && file?.token) return 'the count of the tokens';
    if (file === undefined || file.free) return undefined;
    const owner = ownerOf.get(file.acq);
    if (!isAcquisition && owner === process) return undefined;
    const isOver = at >= sentAt + file.leaseMs * 1e6 || (endedAt.get(owner ?? '') ?? Infinity) <= at;
    return isOver || (forcedAt.get(file.acq) ?? Infinity) <= at ? undefined : 'a live lock';
  }

  #answered(call: Call): void {
    if (call.outcome === 'unknown') return;
    const keeps = (way: Way): boolean => call.outcome === 'none' || way.done.has(call);
    this.#open.delete(call);
    this.#ways = this.#ways.filter(keeps).map((way) => ({ ...way, done: without(way.done, call) }));
  }

  /** Open requests that see what their answer says: a read the record that it found, a loser another one than it expected. */
  #met(way: Way): Way {
    const met = [...this.#open].filter(({ op, outcome, found, expect }) =>
      op === 'read' ? way.file?.id === found?.id : outcome === 'lost' && way.file?.id !== expect,
    );
    return { ...way, done: new Set([...way.done, ...met]) };
  }
}

/** 0: none is counted. */
function tokenOf(record: RecordedRecord | undefined): bigint {
  return BigInt(record?.token ?? 0);
}

function without(calls: ReadonlySet<Call>, call: Call): ReadonlySet<Call> {
  return new Set([...calls].filter((each) => each !== call));
}

const numbers = new WeakMap<Call, number>();
let count = 0;

function keyOf({ file, done }: Way): string {
  const numberOf = (call: Call): number => {
    const number = numbers.get(call) ?? (count += 1);
    numbers.set(call, number);
    return number;
  };
  return `${file?.id ?? ''} ${[...done].map(numberOf).sort().join()}`;
}

function shown({ op, expect, record, outcome }: Call): string {
  return `${op} ${expect ?? 'nothing'} by ${record?.id ?? 'nothing'} (${outcome})`;
}
