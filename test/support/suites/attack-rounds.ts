import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from 'vitest';

import { sweep } from '../../../src/admin/index.js';
import { Lockfile, VfsFile, type Vfs } from '../../../src/index.js';
import { attack } from '../users/attacks.js';
import { TEAM, type User } from '../users/other-users.js';

/** Names in the victim's home, the first two of which look like entries of a guard. */
export const OWN_NAMES = ['f'.repeat(32), `${'f'.repeat(32)}.taken`];
export const PRECIOUS = [...OWN_NAMES, `${'f'.repeat(32)}.1.new`, 'accounts.db', 'thesis.txt'].sort();

/** For many rounds beside an attacker who keeps a processor busy, in milliseconds. */
export const LONG_MS = 1_800_000;

/** A folder for locks that strangers may write to, and a victim's own. */
export class Ground {
  readonly shared = mkdtempSync(join(tmpdir(), 'vfs-lockfile-shared-'));
  readonly home = mkdtempSync(join(tmpdir(), 'vfs-lockfile-home-'));

  moveIn(victim: User): void {
    for (const name of PRECIOUS) {
      writeFileSync(join(this.home, name), 'precious', { mode: 0o600 });
      chownSync(join(this.home, name), victim.uid, victim.gid);
    }
    chownSync(this.home, victim.uid, victim.gid);
    chmodSync(this.home, 0o700);
  }

  /** For the next round. */
  makeRoom(): void {
    for (const name of readdirSync(this.shared)) rmSync(join(this.shared, name), { recursive: true, force: true });
  }

  /** So that the next round makes folders of its own. */
  clearLinks(): void {
    for (const { name } of readdirSync(this.shared, { withFileTypes: true })) {
      if (!/^\.vfs-lockfile-|^away/.test(name)) continue;
      try {
        rmSync(join(this.shared, name), { recursive: true, force: true });
      } catch {
        // The attacker has just swapped it.
      }
    }
  }

  remove(): void {
    for (const folder of [this.shared, this.home]) rmSync(folder, { recursive: true, force: true });
  }
}

/** Mode, owner and group of what an attacker wants. */
function marks(paths: readonly string[]): readonly string[] {
  return paths.map((path) => {
    const { mode, uid, gid } = statSync(path);
    return `${mode.toString(8)} ${String(uid)}:${String(gid)}`;
  });
}

/** S1: takes and renews locks while every private folder is swapped for a link to what belongs to the victim. */
export async function withSwappedFolders(
  ground: Ground,
  rounds: number,
  open: (root: string, round: number) => Vfs,
): Promise<void> {
  const { shared, home } = ground;
  chownSync(shared, 0, TEAM);
  chmodSync(shared, 0o2775);
  chmodSync(home, 0o711);
  const inner = join(home, 'inner');
  mkdirSync(inner, 0o700);
  const wanted = [join(home, 'accounts.db'), inner, home];
  const before = marks(wanted);
  const attacker = await attack('swap-folders.mjs', shared, ...wanted.slice(0, 2));
  for (let round = 0; round < rounds; round += 1) {
    const file = new VfsFile(open(shared, round), `data-${String(round)}.csv`);
    const lock = new Lockfile(file, { ttl: '30s', renew: false });
    try {
      await lock.acquire({ wait: 0 });
      await lock.renew();
    } catch {
      // The attacker may hinder, and no more.
    }
    await lock.release().catch(() => undefined);
    ground.clearLinks();
  }
  expect(await attacker.end()).toBeGreaterThan(0);
  expect(marks(wanted)).toEqual(before);
}

/**
 * S3: sweeps a folder while a private folder, or a guard, full of old entries is swapped for a link to the victim's home. A round
 * counts only if the swap came in time.
 */
export async function sweepWhileSwapped(ground: Ground, rounds: number, vfs: Vfs): Promise<void> {
  const { shared, home } = ground;
  chmodSync(shared, 0o1777);
  for (let swaps = 0; swaps < 2 * rounds;) {
    ground.makeRoom();
    const name = swaps % 2 === 0 ? `.vfs-lockfile-${'0'.repeat(32)}` : 'data.csv.lock.guard';
    const attacker = await attack('swap-decoy.mjs', shared, name, home, ...OWN_NAMES);
    await Promise.allSettled([sweep({ vfs, path: '' })]);
    swaps += await attacker.end();
    expect(readdirSync(home).sort()).toEqual(PRECIOUS);
  }
}
