import type { LockEvent } from '../lock/model/events.js';
import type { Adder, Attributes, Meter, Recorder } from './api.js';

/** In seconds: from a lock that was free to a job that takes all night. */
const BOUNDARIES_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14_400];

/** Attributes must not multiply without bound: whatever else a reason says counts as `other`. */
const REASONS: ReadonlySet<string> = new Set([
  ...['free', 'expired', 'dead-process', 'unreadable'],
  ...['timeout', 'held', 'aborted', 'failed'],
  ...['renewed', 'released', 'removed', 'stolen'],
]);

/** The instruments, each with no other attributes than `vfs_lockfile.backend` and `vfs_lockfile.reason`. */
export class LockMetrics {
  readonly #waited: Recorder;
  readonly #held: Recorder;
  readonly #heldNow: Adder;
  readonly #stolen: Adder;
  readonly #lost: Adder;
  readonly #timeouts: Adder;
  readonly #renewals: Adder;

  constructor(meter: Meter) {
    const span = (name: string, description: string): Recorder =>
      meter.createHistogram(`vfs_lockfile.${name}.duration`, {
        ...{ description, unit: 's', advice: { explicitBucketBoundaries: BOUNDARIES_S } },
      });
    const count = (name: string, unit: string, description: string): Adder =>
      meter.createCounter(`vfs_lockfile.${name}`, { description, unit });
    this.#waited = span('wait', 'How long acquisitions took, whatever came of them');
    this.#held = span('hold', 'How long locks were held');
    this.#heldNow = meter.createUpDownCounter('vfs_lockfile.held', {
      ...{ description: 'Locks held now', unit: '{lock}' },
    });
    this.#stolen = count('stolen', '{lock}', 'Stale locks of others that were taken over');
    this.#lost = count('lost', '{lock}', 'Locks lost while they were held');
    this.#timeouts = count('timeouts', '{acquisition}', 'Acquisitions whose time to wait was up');
    this.#renewals = count('renewals', '{renewal}', 'Renewals of locks held, and failures to renew them');
  }

  acquired(event: LockEvent): void {
    this.#heldNow.add(1, { 'vfs_lockfile.backend': event.backend });
    this.waited(event);
  }

  waited(event: LockEvent): void {
    this.#waited.record(event.durationMs / 1000, attributesOf(event));
    if (event.reason === 'timeout') this.#timeouts.add(1, attributesOf(event));
  }

  stolen(event: LockEvent): void {
    this.#stolen.add(1, attributesOf(event));
  }

  renewed(event: LockEvent): void {
    this.#renewals.add(1, attributesOf(event));
  }

  lost(event: LockEvent): void {
    this.#lost.add(1, attributesOf(event));
  }

  held(event: LockEvent): void {
    this.#held.record(event.durationMs / 1000, attributesOf(event));
    this.noLongerHeld(event.backend);
  }

  noLongerHeld(backend: string): void {
    this.#heldNow.add(-1, { 'vfs_lockfile.backend': backend });
  }
}

function attributesOf({ backend, reason }: LockEvent): Attributes {
  return { 'vfs_lockfile.backend': backend, 'vfs_lockfile.reason': REASONS.has(reason) ? reason : 'other' };
}
