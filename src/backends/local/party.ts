import { rmdirSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { setTimeout } from 'node:timers';

import { stagedPath } from '../../vfs/names.js';
import { Holder } from '../shared/plain/holder.js';
import { ClockSample } from './clock-sample.js';
import { forgetPrivateFolder, type Surroundings } from './private-folder.js';

/** How long a private folder that nothing needs is kept where locks are taken again and again, in milliseconds. */
const IDLE_MS = 1000;

/** A process keeps at most this number of private folders that nothing needs. */
const MOST_IDLE = 64;

/** Beyond this number the parties that have no private folder are forgotten. */
const MOST_PARTIES = 1000;

/** How long this process relies on what it knows of a folder's owner and permission bits, in milliseconds. */
const SURROUNDINGS_MS = 1000;

/** What this process keeps about a folder in which it locks: its own private folder there, and who may write to it. */
export class Party {
  readonly holder: Holder;
  readonly clock = new ClockSample();
  readonly #folder: string;
  #takenMs = -Infinity;
  /** Whether the last two locks here were taken within a second: then the private folder outlives the next release. */
  #isHot = false;
  #usedMs = 0;
  #surroundings: Surroundings | undefined;
  #surroundingsMs = 0;

  constructor(folder: string) {
    this.#folder = folder;
    this.holder = new Holder({ made: () => this.#made(), idle: () => this.#idle() });
  }

  /** Undefined: not known, or read too long ago to rely on. */
  get surroundings(): Surroundings | undefined {
    return performance.now() - this.#surroundingsMs < SURROUNDINGS_MS ? this.#surroundings : undefined;
  }

  set surroundings(surroundings: Surroundings | undefined) {
    this.#surroundings = surroundings;
    this.#surroundingsMs = performance.now();
  }

  /** A lock was taken here. */
  taken(): void {
    const now = performance.now();
    this.#isHot = now - this.#takenMs < IDLE_MS;
    this.#takenMs = now;
  }

  /** Milliseconds since the last use of a private folder that no record names; undefined where one does. */
  get idleMs(): number | undefined {
    return this.holder.isIdle ? performance.now() - this.#usedMs : undefined;
  }

  /** Removes the private folder if no record names it. */
  retire(): void {
    const id = this.holder.retire({ forgetStage: forgetPrivateFolder });
    withFolders.delete(this);
    if (id !== undefined) this.#remove(id);
  }

  /** Removes the private folder even while locks are held: whoever wants them finds that this process has ended. */
  leave(): void {
    const { id } = this.holder;
    if (id !== undefined) this.#remove(id);
  }

  #remove(id: string): void {
    try {
      rmdirSync(stagedPath(`${this.#folder}/`, id));
    } catch {
      // It is not empty, or gone: the next contender or `sweep` removes it.
    }
  }

  #made(): void {
    if (!listening) process.on('exit', leaveAll);
    listening = true;
    withFolders.add(this);
    this.#usedMs = performance.now();
    startTimer();
  }

  #idle(): void {
    this.#usedMs = performance.now();
    if (this.#isHot) startTimer();
    else this.retire();
  }
}

const parties = new Map<string, Party>();
const withFolders = new Set<Party>();
let listening = false;
let timer: NodeJS.Timeout | undefined;

/** What this process keeps about a folder, given by its path. */
export function partyIn(folder: string): Party {
  const known = parties.get(folder);
  if (known !== undefined) return known;
  if (parties.size >= MOST_PARTIES) forgetParties();
  const party = new Party(folder);
  parties.set(folder, party);
  return party;
}

/** A forgotten party is made again: it has no private folder, and no act under way. */
function forgetParties(): void {
  for (const [folder, party] of parties)
    if (party.holder.id === undefined && party.holder.isIdle) parties.delete(folder);
}

/** One timer for all folders; it does not keep the process alive. */
function startTimer(): void {
  timer ??= setTimeout(retireIdle, IDLE_MS).unref();
}

function retireIdle(): void {
  timer = undefined;
  const idle = [...withFolders].filter((party) => party.idleMs !== undefined);
  const kept = idle.filter((party) => (party.idleMs ?? 0) < IDLE_MS).slice(-MOST_IDLE);
  for (const party of idle) if (!kept.includes(party)) party.retire();
  if (kept.length > 0) startTimer();
}

function leaveAll(): void {
  for (const party of withFolders) party.leave();
}
