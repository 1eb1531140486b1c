import { describe, expect, it } from 'vitest';

import { inspect } from '../../../../src/admin/index.js';
import { VfsFile, type LockOptions } from '../../../../src/index.js';
import { fileAt, foreign, held, keepsTombstones, putLock } from '../locks.js';
import type { Suite } from '../stores.js';

const FENCING: LockOptions = { fencing: true, ttl: '1h' };
const PLAIN: LockOptions = { ttl: '1h' };

/** Tokens that no acquisition ever writes. */
const BAD = [String(2n ** 63n), '-7', '0', 'seven', '7.5'];

/** Counts of tokens that somebody changed, and fleets of which only a part counts. */
export const fencingInputSuite: Suite = (place, kind) => {
  describe('fencing, on a lock file that somebody edited,', () => {
    it('refuses a token of 2^63, a negative one and one that is no number, and leaves the file to be repaired', async () => {
      const file = fileAt(place(), 'data.csv');
      for (const fencingToken of BAD) {
        await putLock(place().vfs, file.path, foreign({ released: true, fencingToken }));
        await expect(held(file, FENCING)).rejects.toMatchObject({ code: 'ERR_LOCK_TOKEN', reason: 'unusable' });
        expect(await inspect(file)).toMatchObject({ state: 'released', fencingToken: undefined });
        // Who needs no token neither repairs the count nor loses it.
        const plain = await held(file, PLAIN);
        expect(plain.record?.fencingToken).toBe(fencingToken);
        await plain.release();
        expect((await inspect(file)).record).toMatchObject({ released: true, fencingToken });
      }
      await putLock(place().vfs, file.path, foreign({ released: true, fencingToken: '41' }));
      expect((await held(file, FENCING)).fencingToken).toBe(42n);
    });

    it('repeats no token that this process has seen where the token, or the file, is missing after having been there', async () => {
      const file = fileAt(place(), 'data.csv');
      const taken = async (): Promise<bigint> => {
        const lock = await held(file, FENCING);
        await lock.release();
        return lock.fencingToken;
      };
      await putLock(place().vfs, file.path, foreign({ released: true, fencingToken: '7' }));
      expect(await taken()).toBe(8n);
      await putLock(place().vfs, file.path, foreign({ released: true, fencingToken: '' }));
      expect(await taken()).toBe(9n);
      await putLock(place().vfs, file.path, foreign({ released: true, fencingToken: '3' }));
      expect(await taken()).toBe(10n);
      if (kind.isPoliced) return;
      await place().vfs.delete(`${file.path}.lock`);
      expect(await taken()).toBe(11n);
    });
  });

  describe('fencing, in a mixed fleet,', () => {
    it('goes on counting where holders without it come in between, and begins to count where nobody did', async () => {
      const file = fileAt(place(), 'data.csv');
      const theirs = new VfsFile(place().rival(), file.path);
      const first = await held(theirs, PLAIN);
      expect(first.record?.fencingToken).toBe('');
      await first.release();
      expect((await inspect(file)).state).toBe(keepsTombstones(place().vfs) ? 'released' : 'free');
      const tokens: (bigint | string | undefined)[] = [];
      for (const [by, options] of [
        [file, FENCING],
        [theirs, PLAIN],
        [theirs, FENCING],
        [file, PLAIN],
      ] as const) {
        const lock = await held(by, options);
        tokens.push(lock.record?.fencingToken);
        await lock.release();
        expect((await inspect(file)).state).toBe('released');
      }
      expect(tokens).toEqual(['1', '2', '3', '4']);
    });
  });
};
