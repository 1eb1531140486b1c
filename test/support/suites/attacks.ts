import { chmodSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { attack } from '../users/attacks.js';
import { ANNE, Installed, type User } from '../users/other-users.js';
import { Ground, LONG_MS, SWEPT, whileSwapped, withSwappedFolders } from './attack-rounds.js';

const mayActAsOthers = process.getuid?.() === 0;
if (!mayActAsOthers && process.env.CI) throw new Error('these tests need root, to act as other users');

export const ROOT: User = { uid: 0, gid: 0 };
type Victim = readonly [string, User];

const VICTIMS: readonly Victim[] = [
  ['root', ROOT],
  ['an ordinary user', ANNE],
];

/** How many rounds the attackers have. */
export interface Rounds {
  /** Swaps of a guard for a link while entries are evicted from it. */
  readonly evicted: number;
  /** Swaps of a folder for a link while it is swept. */
  readonly swept: number;
  /** Locks taken and renewed while private folders are swapped for links. */
  readonly cycled: number;
  /** Renewals while a stranger tampers with the lock. */
  readonly renewed: number;
}

/** `victims`: who is attacked by a third user. */
export function attacksSuite(rounds: Rounds, victims: readonly Victim[] = VICTIMS): void {
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

  const script = join(import.meta.dirname, '..', 'users', 'victim.mjs');
  const working = (victim: User, task: string, times = 0): Promise<unknown> =>
    installed.script(victim, script, task, ground.shared, String(times));

  const suite = describe.skipIf(!mayActAsOthers).each(victims);
  suite('among strangers (needs root, to act as other users), victim: %s', (_who, victim) => {
    beforeEach(() => ground.moveIn(victim));

    test('S2: evicting unlinks nothing outside the guard', { timeout: LONG_MS }, async () => {
      // Where a folder is sticky, only root gets as far as to evict.
      chmodSync(ground.shared, victim === ROOT ? 0o1777 : 0o777);
      const attackOn = { rounds: rounds.evicted, decoys: ['data.csv.lock.guard'] };
      await whileSwapped(ground, attackOn, () => working(victim, 'evict'));
    });

    test('S3: sweeping unlinks nothing outside a private folder', { timeout: LONG_MS }, async () => {
      chmodSync(ground.shared, 0o1777);
      await whileSwapped(ground, { rounds: rounds.swept, decoys: SWEPT }, () => working(victim, 'sweep'));
    });

    test(
      'S1: no mode and no owner outside the folder changes, whatever is swapped for a link',
      { timeout: LONG_MS },
      async () => {
        await withSwappedFolders(ground, async () => {
          expect(await working(victim, 'cycle', rounds.cycled)).toBeLessThan(20);
        });
        expect(readdirSync(join(ground.home, 'inner'))).toEqual([]);
      },
    );

    test(
      'S4: in a sticky folder a stranger can neither replace nor remove the lock of a live holder',
      { timeout: LONG_MS },
      async () => {
        chmodSync(ground.shared, 0o1777);
        const attacker = await attack('tamper.mjs', ground.shared);
        const found = await working(victim, 'renew', rounds.renewed);
        expect(found).toEqual({ replaced: 0, released: true });
        expect(await attacker.end()).toBe(0);
      },
    );
  });
}
