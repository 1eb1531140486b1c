import type { LockEvent } from '../lock/model/events.js';
import type { Adder, Attributes, Meter, Recorder } from './api.js';

/** Histogram buckets in seconds, from the acquisition of a free lock to a job that takes all night. */
const BUCKETS_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14_400];

/** The possible values of the attribute `reason`. Any other reason becomes `other`, so that the number of time series is bounded. */
const REASONS: ReadonlySet<string> = new Set([
  ...['free', 'expired', 'dead-process', 'unreadable'],
  ...['timeout', 'held', 'aborted', 'failed'],
  ...['renewed', 'released', 'removed', 'stolen', 'max-hold'],
]);

/** The instruments. Their only attributes are `vfs_lockfile.backend` and `vfs_lockfile.reason`. */
export class LockMetrics {
  readonly #waited: Recorder;
  readonly #held: Recorder;
  readonly #heldNow: Adder;
  readonly #stolen: Adder;
  readonly #lost: Adder;
  readonly #timeouts: Adder;
  readonly #renewals: Adder;

  constructor(meter: Meter) {
    const histogram = (name: string, description: string): Recorder =>
      meter.createHistogram(`vfs_lockfile.${name}.duration`, {
        ...{ description, unit: 's', advice: { explicitBucketBoundaries: BUCKETS_S } },
      });
    const counter = (name: string, unit: string, description: string): Adder =>
      meter.createCounter(`vfs_lockfile.${name}`, { description, unit });
    this.#waited = histogram('wait', 'How long acquisitions took, successful or not');
    this.#held = histogram('hold', 'How long locks were held');
    this.#heldNow = meter.createUpDownCounter('vfs_lockfile.held', {
      ...{ description: 'Locks held now', unit: '{lock}' },
    });
    this.#stolen = counter('stolen', '{lock}', 'Stale locks of other holders that were taken over');
    this.#lost = counter('lost', '{lock}', 'Locks lost while they were held');
    this.#timeouts = counter('timeouts', '{acquisition}', 'Acquisitions that timed out');
    this.#renewals = counter('renewals', '{renewal}', 'Renewals of held locks, successful or not');
  }

  recordAcquire(event: LockEvent): void {
    this.#heldNow.add(1, { 'vfs_lockfile.backend': event.backend });
    this.recordWait(event);
  }

  recordWait(event: LockEvent): void {
    this.#waited.record(event.durationMs / 1000, attributesOf(event));
    if (event.reason === 'timeout') this.#timeouts.add(1, attributesOf(event));
  }

  recordSteal(event: LockEvent): void {
    this.#stolen.add(1, attributesOf(event));
  }

  recordRenewal(event: LockEvent): void {
    this.#renewals.add(1, attributesOf(event));
  }

  recordLoss(event: LockEvent): void {
    this.#lost.add(1, attributesOf(event));
  }

  recordHold(event: LockEvent): void {
    this.#held.record(event.durationMs / 1000, attributesOf(event));
    this.decrementHeld(event.backend);
  }

  decrementHeld(backend: string): void {
    this.#heldNow.add(-1, { 'vfs_lockfile.backend': backend });
  }
}

function attributesOf({ backend, reason }: LockEvent): Attributes {
  return { 'vfs_lockfile.backend': backend, 'vfs_lockfile.reason': REASONS.has(reason) ? reason : 'other' };
}
