import type { RecordedRecord } from '../../test/proof/torture/journal.mjs';
import { Refusal, refusedCall, type Call, type Step } from './history.js';

/** An acquisition as its process sees it: `pc`, `req`, `mine` and `left` of the model. */
interface Acquisition {
  readonly acq: string;
  readonly lock: string;
  /** The request that is under way. */
  open: Call | undefined;
  /** Until when its holder may count on it, in nanoseconds: the lease of the last write that is known to have succeeded. */
  until: number;
  releasing: 'no' | 'sent' | 'failed';
  isLost: boolean;
  isEntered: boolean;
}

/** The holder proved at this instant that it had the lock. */
export interface Proof {
  readonly step: Step;
  readonly lock: string;
  readonly acq: string;
}

/** What one process does, as the model lets it: `Acquire`, `Renew`, `Release`, `Visit`, `Answer` and `Check`. */
export class ProcessRules {
  readonly proofs: Proof[] = [];
  readonly #records: ReadonlyMap<string, RecordedRecord>;
  readonly #acquisitions = new Map<string, Acquisition>();
  readonly #sent = new Map<string, Call>();
  /** The ids of records that it has seen, or written. */
  readonly #seen = new Set<string>();
  /** The acquisition of each tenure that is not over. */
  readonly #tenures = new Map<string, Acquisition>();

  /** `records` are all that anybody wrote, by their ids. */
  constructor(records: ReadonlyMap<string, RecordedRecord>) {
    this.#records = records;
  }

  /** @throws {Refusal} The model does not allow it. */
  follow(step: Step): void {
    if (step.kind === 'send' && step.call.op !== 'read') this.#sends(step.call);
    else if (step.kind === 'answer') this.#learns(step.call);
    else if (step.kind === 'api' && step.event.kind === 'enter') this.#enters(step, step.event);
    else if (step.kind === 'api') this.#goesOn(step, step.event.kind, step.event);
  }

  /** @throws {Refusal} Something was not brought to its end. */
  end(last: Step | undefined): void {
    const [tenure] = this.#tenures.keys();
    if (tenure !== undefined && last) throw new Refusal(last, `${tenure} neither ended nor killed`);
  }

  #sends(call: Call): void {
    const { expect, record } = call;
    const before = expect === undefined ? undefined : this.#records.get(expect);
    if (call.op === 'create' ? before : !before || !this.#seen.has(before.id))
      throw refusedCall(call, 'expects what it has not seen');
    const acq = record && !record.free ? record.acq : (before?.acq ?? '');
    if (record && !record.free && record.acq !== before?.acq) this.#begin(call, record.acq);
    else if (before?.free && record) throw refusedCall(call, 'renews or releases what is free');
    else if (record && (record.token !== before?.token || record.acq !== before.acq))
      throw refusedCall(call, 'changes the acquisition or its token');
    const own = this.#acquisitions.get(acq);
    if (own === undefined && record && !record.free) throw refusedCall(call, 'renews what is not its own');
    if (own?.open) throw refusedCall(call, 'is sent before the request before it was answered');
    if (record) this.#sent.set(record.id, call);
    if (own) own.open = call;
    if (own && (!record || record.free)) own.releasing = 'sent';
  }

  #begin({ lock }: Call, acq: string): void {
    if (this.#acquisitions.has(acq)) return;
    const fresh = { open: undefined, until: -Infinity, releasing: 'no', isLost: false, isEntered: false } as const;
    this.#acquisitions.set(acq, { acq, lock, ...fresh });
  }

  #learns(call: Call): void {
    const { op, outcome, record, found } = call;
    for (const own of this.#acquisitions.values()) if (own.open === call) own.open = undefined;
    const known = op === 'read' ? found : outcome === 'won' ? record : undefined;
    if (known === undefined) return;
    this.#seen.add(known.id);
    const writing = this.#sent.get(known.id);
    const own = this.#acquisitions.get(known.acq);
    if (writing && own && !known.free) own.until = Math.max(own.until, writing.sentAt + known.leaseMs * 1e6);
  }

  #enters(step: Step, { tenure, lock }: { readonly tenure: string; readonly lock: string }): void {
    const own = [...this.#acquisitions.values()].filter((each) => each.lock === `${lock}.lock`).at(-1);
    if (own === undefined || own.isEntered || own.until === -Infinity)
      throw new Refusal(step, `${tenure} entered without an acquisition that succeeded`);
    own.isEntered = true;
    this.#tenures.set(tenure, own);
  }

  #goesOn(step: Step, kind: string, event: { readonly tenure: string; readonly ours?: boolean }): void {
    const own = this.#tenures.get(event.tenure);
    if (own === undefined) throw new Refusal(step, `${event.tenure} did not enter, or was over`);
    if (kind === 'lost') own.isLost = true;
    if (kind === 'held' || kind === 'leave') {
      if (own.isLost || own.releasing !== 'no') throw new Refusal(step, `${event.tenure} held what it gave up`);
    }
    if (kind === 'held') {
      if (step.at >= own.until) throw new Refusal(step, `${event.tenure} held past its own deadline`);
      this.proofs.push({ step, lock: own.lock, acq: own.acq });
    }
    if (kind !== 'released') return;
    if (event.ours && (own.isLost || own.releasing !== 'sent' || own.open))
      throw new Refusal(step, `${event.tenure} was released without a release that succeeded`);
    this.#tenures.delete(event.tenure);
  }
}
