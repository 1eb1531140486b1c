import { chmodSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { localVfs, Lockfile, VfsFile } from '../../../src/index.js';
import { attack, cleanTemporaryFolders } from '../users/attacks.js';
import { ANNE, Installed, type User } from '../users/other-users.js';
import { Ground, LONG_MS, OWN_NAMES, PRECIOUS, sweepWhileSwapped, withSwappedFolders } from './attack-rounds.js';

const mayActAsOthers = process.getuid?.() === 0;
if (!mayActAsOthers && process.env.CI) throw new Error('these tests need root, to act as other users');

const ROOT: User = { uid: 0, gid: 0 };

/** How many rounds the attackers have. */
export interface Rounds {
  /** Locks taken and renewed while private folders are swapped for links. */
  readonly swapped: number;
  /** Sweeps of each kind of folder while it is swapped for a link. */
  readonly swept: number;
  /** Renewals while a stranger tampers with the lock. */
  readonly tampered: number;
}

export function attacksSuite({ swapped, swept, tampered }: Rounds): void {
  let installed: Installed;
  let ground: Ground;
  beforeAll(() => {
    if (mayActAsOthers) installed = new Installed();
  });
  afterAll(() => installed.remove());
  beforeEach(() => {
    ground = new Ground();
  });
  afterEach(() => ground.remove());

  describe.skipIf(!mayActAsOthers)('among strangers (needs root, to act as other users)', () => {
    const victims: [string, User][] = [
      ['root', ROOT],
      ['an ordinary user', ANNE],
    ];

    test.each(victims)('S2: evicting unlinks nothing outside the guard (victim: %s)', async (_who, victim) => {
      const { shared, home } = ground;
      ground.moveIn(victim);
      // Where a folder is sticky, only root gets as far as to evict.
      chmodSync(shared, victim === ROOT ? 0o1777 : 0o777);
      // Whoever is slow may come too late: the attacker to swap, and the victim to renew.
      for (let swaps = 0; swaps === 0;) {
        ground.makeRoom();
        const attacker = await attack('swap-decoy.mjs', shared, 'data.csv.lock.guard', home, ...OWN_NAMES);
        const answer = await installed.as(victim, shared, 'cycle');
        expect(answer.signal).toBeUndefined();
        swaps = await attacker.end();
        expect(readdirSync(home).sort()).toEqual(PRECIOUS);
      }
    });

    test('S3: sweeping unlinks nothing outside a private folder', { timeout: LONG_MS }, async () => {
      ground.moveIn(ROOT);
      await sweepWhileSwapped(ground, swept, localVfs({ root: ground.shared }));
    });

    test(
      'S1: no mode and no owner outside the folder changes, whatever is swapped for a link',
      { timeout: LONG_MS },
      async () => {
        ground.moveIn(ROOT);
        const descriptors = readdirSync('/proc/self/fd').length;
        await withSwappedFolders(ground, swapped, (root, round) => localVfs({ root, hardLinks: round % 2 === 0 }));
        expect(readdirSync(join(ground.home, 'inner'))).toEqual([]);
        expect(readdirSync('/proc/self/fd').length).toBeLessThan(descriptors + 20);
      },
    );

    test('S4: in a sticky folder a stranger can neither replace nor remove the lock of a live holder', async () => {
      const { shared } = ground;
      chmodSync(shared, 0o1777);
      const lock = new Lockfile(new VfsFile(localVfs({ root: shared }), 'data.csv'), { ttl: '1h', renew: false });
      await lock.acquire({ wait: 0 });
      const attacker = await attack('tamper.mjs', shared);
      for (let round = 0; round < tampered; round += 1) {
        // Every other renewal goes through the guard.
        if (round % 2 === 0) cleanTemporaryFolders(shared);
        await lock.renew();
        const found = lstatSync(join(shared, 'data.csv.lock'));
        expect([found.isFile(), found.uid]).toEqual([true, 0]);
      }
      expect(await attacker.end()).toBe(0);
      expect(await lock.release()).toBe(true);
    });
  });
}
