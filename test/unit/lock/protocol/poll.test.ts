import { describe, expect, it } from 'vitest';

import { gcsVfs } from '../../../../src/backends/gcs/index.js';
import { s3Vfs } from '../../../../src/backends/s3/index.js';
import { Backoff } from '../../../../src/lock/protocol/backoff.js';

const LOOKS = 1000;
const STORES = [s3Vfs({ bucket: 'bucket' }), gcsVfs({ bucket: 'bucket' })];

describe.each(STORES.map((vfs) => [vfs.scheme, vfs.capabilities] as const))('a waiter before %s', (_scheme, store) => {
  /** The pauses of one waiter while so much is left of the holder's lease. */
  const pauses = (staleInMs: number): readonly number[] => {
    const poll = new Backoff(store);
    return Array.from({ length: LOOKS }, () => poll.nextMs(staleInMs));
  };
  const mean = (all: readonly number[]): number => all.reduce((sum, each) => sum + each) / all.length;

  it.each([0, 500, 3000, 30_000, 3_600_000, Infinity])(
    'never looks twice in a second, nor leaves five without a look, with %d ms of the lease to go',
    (staleInMs) => {
      for (const pause of pauses(staleInMs)) {
        expect(pause).toBeGreaterThanOrEqual(1000);
        expect(pause).toBeLessThanOrEqual(5000);
      }
    },
  );

  it('looks less than half as often while the lease has long to go as when it is about to end', () => {
    expect(mean(pauses(60_000))).toBeGreaterThan(2 * mean(pauses(500)));
  });

  it('looks four times at least in what is left of a lease, as far as once a second allows', () => {
    for (const pause of pauses(8000)) expect(pause).toBeLessThanOrEqual(2000);
  });

  it('looks at times of its own', () => {
    expect(new Set([...pauses(60_000), ...pauses(60_000)]).size).toBeGreaterThan(LOOKS / 2);
  });
});
