import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { sweep } from '../../../src/admin/index.js';
import { localVfs, Lockfile, VfsFile } from '../../../src/index.js';
import { attack, cleanTemporaryFolders } from '../users/attacks.js';
import { ANNE, Installed, TEAM, type User } from '../users/other-users.js';

const mayActAsOthers = process.getuid?.() === 0;
if (!mayActAsOthers && process.env.CI) throw new Error('these tests need root, to act as other users');

const ROOT: User = { uid: 0, gid: 0 };
/** Names in the victim's home, the first two of which look like entries of a guard. */
const OWN_NAMES = ['f'.repeat(32), `${'f'.repeat(32)}.taken`];
const PRECIOUS = [...OWN_NAMES, `${'f'.repeat(32)}.1.new`, 'accounts.db', 'thesis.txt'].sort();

/** How many rounds the attackers have. */
export interface Rounds {
  /** Locks taken and renewed while private folders are swapped for links. */
  readonly swapped: number;
  /** Renewals while a stranger tampers with the lock. */
  readonly tampered: number;
}

export function attacksSuite({ swapped, tampered }: Rounds): void {
  let installed: Installed;
  /** Where the locks are, and strangers. */
  let shared = '';
  /** The victim's own. */
  let home = '';
  beforeAll(() => {
    if (mayActAsOthers) installed = new Installed();
  });
  afterAll(() => installed.remove());
  beforeEach(() => {
    shared = mkdtempSync(join(tmpdir(), 'vfs-lockfile-shared-'));
    home = mkdtempSync(join(tmpdir(), 'vfs-lockfile-home-'));
  });
  afterEach(() => {
    rmSync(shared, { recursive: true, force: true });
    rmSync(home, { recursive: true, force: true });
  });

  function moveIn(victim: User): void {
    for (const name of PRECIOUS) {
      writeFileSync(join(home, name), 'precious', { mode: 0o600 });
      chownSync(join(home, name), victim.uid, victim.gid);
    }
    chownSync(home, victim.uid, victim.gid);
    chmodSync(home, 0o700);
  }

  /** Mode, owner and group of what an attacker wants. */
  function marks(...paths: readonly string[]): readonly string[] {
    return paths.map((path) => {
      const { mode, uid, gid } = statSync(path);
      return `${mode.toString(8)} ${String(uid)}:${String(gid)}`;
    });
  }

  describe.skipIf(!mayActAsOthers)('among strangers (needs root, to act as other users)', () => {
    const victims: [string, User][] = [
      ['root', ROOT],
      ['an ordinary user', ANNE],
    ];

    /** For the next round. */
    function makeRoom(): void {
      for (const name of readdirSync(shared)) rmSync(join(shared, name), { recursive: true, force: true });
    }

    test.each(victims)('S2: evicting unlinks nothing outside the guard (victim: %s)', async (_who, victim) => {
      moveIn(victim);
      // Where a folder is sticky, only root gets as far as to evict.
      chmodSync(shared, victim === ROOT ? 0o1777 : 0o777);
      // Whoever is slow may come too late: the attacker to swap, and the victim to renew.
      for (let swaps = 0; swaps === 0;) {
        makeRoom();
        const attacker = await attack('swap-decoy.mjs', shared, 'data.csv.lock.guard', home, ...OWN_NAMES);
        const answer = await installed.as(victim, shared, 'cycle');
        expect(answer.signal).toBeUndefined();
        swaps = await attacker.end();
        expect(readdirSync(home).sort()).toEqual(PRECIOUS);
      }
    });

    test('S3: sweeping unlinks nothing outside a private folder', async () => {
      moveIn(ROOT);
      chmodSync(shared, 0o1777);
      for (const name of [`.vfs-lockfile-${'0'.repeat(32)}`, 'data.csv.lock.guard']) {
        for (let swaps = 0; swaps === 0;) {
          makeRoom();
          const attacker = await attack('swap-decoy.mjs', shared, name, home, ...OWN_NAMES);
          await Promise.allSettled([sweep(shared)]);
          swaps = await attacker.end();
          expect(readdirSync(home).sort()).toEqual(PRECIOUS);
        }
      }
    });

    test('S1: no mode and no owner outside the folder changes, whatever is swapped for a link', async () => {
      moveIn(ROOT);
      chownSync(shared, 0, TEAM);
      chmodSync(shared, 0o2775);
      chmodSync(home, 0o711);
      const secret = join(home, 'accounts.db');
      const inner = join(home, 'inner');
      mkdirSync(inner, 0o700);
      const before = marks(secret, inner, home);
      const descriptors = readdirSync('/proc/self/fd').length;
      const attacker = await attack('swap-folders.mjs', shared, secret, inner);
      for (let round = 0; round < swapped; round += 1) {
        const vfs = localVfs({ root: shared, hardLinks: round % 2 === 0 });
        const lock = new Lockfile(new VfsFile(vfs, `data-${String(round)}.csv`), { ttl: '30s', renew: false });
        try {
          await lock.acquire({ wait: 0 });
          await lock.renew();
        } catch {
          // The attacker may hinder, and no more.
        }
        await lock.release().catch(() => undefined);
        clearLinks();
      }
      expect(await attacker.end()).toBeGreaterThan(0);
      expect(marks(secret, inner, home)).toEqual(before);
      expect(readdirSync(inner)).toEqual([]);
      expect(readdirSync('/proc/self/fd').length).toBeLessThan(descriptors + 20);
    });

    /** So that the next round makes folders of its own. */
    function clearLinks(): void {
      for (const entry of readdirSync(shared, { withFileTypes: true })) {
        if (!/^\.vfs-lockfile-|^away/.test(entry.name)) continue;
        try {
          rmSync(join(shared, entry.name), { recursive: true, force: true });
        } catch {
          // The attacker has just swapped it.
        }
      }
    }

    test('S4: in a sticky folder a stranger can neither replace nor remove the lock of a live holder', async () => {
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
