import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from 'vitest';

import { attack } from '../users/attacks.js';
import { TEAM, type User } from '../users/other-users.js';

const HASH = 'f'.repeat(32);
const ENTRY = `vfs-lockfile-${HASH}`;
/** Entries with which an attacker fills a folder. Whoever clears it comes to one of these soon after the swap. */
const EARLY = [2, 10, 18].map((entry) => `vfs-lockfile-${entry.toString(16).padStart(32, '0')}`);
/** Names in the victim's home that look like entries of a guard. */
export const OWN_NAMES = [ENTRY, `${ENTRY}.taken`];
/** Names there that other programs make. */
export const OTHERS = [HASH, `${HASH}.taken`, 'probe-old', 'accounts.db', 'thesis.txt'];
export const PRECIOUS = [...EARLY, ...OWN_NAMES, `${ENTRY}.1.new`, ...OTHERS].sort();

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

/** How many rounds an attack has: as many as fit into a run of the proof, or as many as were asked for. */
export function attackRounds(usual: number): number {
  return Number(process.env.ATTACK_ROUNDS ?? usual);
}

/** S1: lets a victim work while every private folder is swapped for a link to what belongs to it. Nothing of that may change. */
export async function withSwappedFolders(ground: Ground, work: () => Promise<void>): Promise<void> {
  const { shared, home } = ground;
  chownSync(shared, 0, TEAM);
  chmodSync(shared, 0o2775);
  chmodSync(home, 0o711);
  const inner = join(home, 'inner');
  mkdirSync(inner, 0o700);
  const { uid, gid } = statSync(home);
  chownSync(inner, uid, gid);
  const wanted = [join(home, 'accounts.db'), inner, home];
  const before = marks(wanted);
  const attacker = await attack('swap-folders.mjs', shared, ...wanted.slice(0, 2));
  await work();
  expect(await attacker.end()).toBeGreaterThan(0);
  expect(marks(wanted)).toEqual(before);
}

/**
 * S2, S3: lets a victim clear folders full of old entries, `decoys`, each of which is swapped for a link to the victim's home
 * meanwhile, until the attacker was in time for `rounds` swaps. `work` goes on until `isOver`. Nothing in that home may be missing.
 */
export async function whileSwapped(
  { shared, home }: Ground,
  attackOn: AttackOn,
  work: (isOver: () => boolean) => Promise<unknown>,
): Promise<void> {
  const { rounds, decoys, entries = 200, kept = PRECIOUS } = attackOn;
  const numbers = [String(rounds), String(entries)];
  const attacker = await attack('swap-decoy.mjs', shared, ...numbers, home, OWN_NAMES.join(), ...decoys);
  let over = false;
  const working = work(() => over);
  // A victim that fails leaves the attacker alone.
  working.catch(() => attacker.end());
  const swaps = await attacker.ended;
  over = true;
  await attacker.end();
  await working;
  expect(swaps).toBeGreaterThanOrEqual(rounds);
  expect(readdirSync(home)).toEqual(expect.arrayContaining([...kept]));
}

interface AttackOn {
  /** How many swaps there are. */
  readonly rounds: number;
  /** The folders that are swapped. */
  readonly decoys: readonly string[];
  /** How many entries they have: enough that whoever clears them takes longer than a swap. */
  readonly entries?: number;
  /** The names in the victim's home that must survive. */
  readonly kept?: readonly string[];
}

/** What `sweep` clears: a staged folder, and a guard. */
export const SWEPT = [`.vfs-lockfile-${'0'.repeat(32)}`, 'data.csv.lock.guard'];
