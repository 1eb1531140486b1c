import { describe, expect, it } from 'vitest';

import { gcsVfs } from '../../../../src/backends/gcs/index.js';
import { s3Vfs } from '../../../../src/backends/s3/index.js';
import { Backoff } from '../../../../src/lock/protocol/backoff.js';
import { Lab, lockOn, outcome, pass, useFakeTime } from '../../../support/protocol/lab.js';

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

describe('U28: the option poll', () => {
  it.each([50, 60_000])('sets the pauses to %d ms at most, and half of it at least', (pollMs) => {
    for (const { capabilities } of STORES) {
      const backoff = new Backoff(capabilities, pollMs);
      for (let look = 0; look < LOOKS; look += 1) {
        const pause = backoff.nextMs(3_600_000);
        expect(pause).toBeGreaterThanOrEqual(pollMs / 2);
        expect(pause).toBeLessThanOrEqual(pollMs);
      }
    }
  });
});

describe('U28: a waiter with the option poll', () => {
  useFakeTime();

  it('reads as rarely as it says', async () => {
    const lab = new Lab();
    const vfs = lab.machine();
    await lockOn(lab.machine(), { ttl: '1d' }).acquire();
    const waiting = outcome(lockOn(vfs).acquire({ wait: '10m', poll: '1m' }));
    await pass(599_000);
    expect([waiting.open, vfs.count('read') >= 10, vfs.count('read') <= 21]).toEqual([true, true, true]);
  });

  it('refuses what is no duration', async () => {
    const lock = lockOn(new Lab().machine());
    await expect(lock.acquire({ poll: 0 })).rejects.toThrow(/^poll must be/);
  });
});
