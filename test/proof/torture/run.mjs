// @ts-check
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

import { Journal, now, readJournals } from './journal.mjs';
import { judge } from './judge.mjs';
import { Random } from './random.mjs';
import { isFenced } from './store.mjs';
import { Victim } from './victim.mjs';

/**
 * @typedef {import('./judge.mjs').Kill} Kill
 * @typedef {import('./judge.mjs').Stop} Stop
 * @typedef {import('./judge.mjs').Verdict} Verdict
 * @typedef {{ acquisitions: number, kills: number, stopsPastLease: number }} Enough how much has to happen
 * @typedef {import('./store.mjs').Store} Store
 * @typedef {{ folder: string, seed: string, processes: number, files: number, hardLinks: boolean, enough: Enough,
 *   limitMs: number, pace?: Pace, storeOf?: (process: number, files: string) => Store, afar?: boolean,
 *   disturb?: (random: Random) => void, calm?: () => void }} Plan
 *   `storeOf` says how each process, and at the end the one that checks, reaches the files, by default over the local disk; `afar`
 *   that a store can do what it was asked after whoever asked has gone; `disturb` is called now and then, `calm` once after all of them
 *
 * @typedef {readonly [least: number, most: number]} Range in milliseconds
 * @typedef {{ leaseMs: Range, strikeMs: Range, slackMs: number }} Pace how long a lease is, how long nobody is killed or
 *   stopped, and how much longer than its lease a lock may look alive to the others
 */

/** @type {Pace} */
const ON_DISK = { leaseMs: [300, 800], strikeMs: [100, 450], slackMs: 0 };

/**
 * For a store whose clock ticks once a second and that is asked as seldom: who is stopped for no longer than its lease is
 * back before anybody finds out, and locks renewed more than once a second are a strain on any SDK.
 *
 * @type {Pace}
 */
export const IN_CLOUD = { leaseMs: [400, 1200], strikeMs: [300, 1200], slackMs: 4000 };

const WORKER = join(import.meta.dirname, 'worker.mjs');
const AFTERMATH = join(import.meta.dirname, 'aftermath.mjs');
const STOPPED_AT_ONCE = 2;

/** Eight processes that lock a few files in one folder, killed and stopped at random. */
export class Torture {
  /** @readonly */
  #plan;
  /** @readonly */
  #random;
  /** @readonly */
  #journals;
  /** @readonly */
  #own;
  /** @readonly */
  #files;
  /** @readonly */
  #fileNames;
  /** @type {Victim[]} */
  #victims = [];
  /**
   * @readonly
   * @type {Kill[]}
   */
  #kills = [];
  /**
   * @readonly
   * @type {Stop[]}
   */
  #stops = [];
  /**
   * @readonly
   * @type {import('./judge.mjs').Parting[]}
   */
  #partings = [];
  #stopsPastLease = 0;
  /** @readonly */
  #stopped = new Set();
  #started = 0;
  #disturbances = 0;
  #endedAcquisitions = 0;
  #nextVerdictMs = 0;
  /**
   * @readonly
   * @type {string[]}
   */
  #failures = [];

  /** @param {Plan} plan */
  constructor(plan) {
    this.#plan = plan;
    this.#random = new Random(`${plan.seed}/tormentor`);
    this.#journals = join(plan.folder, 'journals');
    this.#files = join(plan.folder, 'files');
    this.#fileNames = Array.from({ length: plan.files }, (_, file) => `file-${String(file)}`);
    mkdirSync(this.#journals);
    this.#own = new Journal(this.#journals, 'tormentor');
    mkdirSync(this.#files);
    for (const name of this.#fileNames) writeFileSync(join(this.#files, name), '');
  }

  /** What the processes wrote down, and when each ended: for `proof/history`. */
  get history() {
    return readJournals(this.#journals);
  }

  /** @returns {Promise<Verdict>} */
  async run() {
    const endMs = performance.now() + this.#plan.limitMs;
    for (let started = 0; started < this.#plan.processes; started += 1) this.#start(started);
    for (let nextMs = 0; !this.#meansSomething() && this.#failures.length === 0 && performance.now() < endMs;) {
      await pause(10);
      for (const victim of this.#victims) victim.follow();
      this.#replaceTheDead();
      if (performance.now() < nextMs) continue;
      this.#strike();
      nextMs = performance.now() + this.#random.between(...this.#pace.strikeMs);
    }
    await Promise.all(this.#stopped);
    // One that was killed a moment ago may not have been seen dead yet.
    const leaving = this.#victims.filter(({ free }) => free);
    if (this.#plan.afar) this.#partings.push(...leaving.map(({ pid }) => ({ pid, at: now() })));
    for (const victim of leaving) this.#noteEnd(victim, false);
    await Promise.all(this.#victims.map((victim) => victim.finish()));
    this.#noteFailures();
    this.#plan.calm?.();
    const verdict = judge(readJournals(this.#journals), this.#kills, this.#stops, this.#partings);
    const aftermath = await this.#lookAtAftermath();
    return { ...verdict, violations: [...this.#failures, ...verdict.violations, ...aftermath] };
  }

  /** Whatever the dead left behind, a fresh process takes every lock, and then only files of no effect are left. */
  async #lookAtAftermath() {
    const args = [AFTERMATH, this.#storeOf(this.#plan.processes), this.#journals, ...this.#fileNames];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    const troubles = /** @type {string[]} */ (JSON.parse(stdout));
    // A tombstone counts the tokens, and stays.
    const counted = this.#fileNames.filter((name) => isFenced(this.#fileNames, name)).map((name) => `${name}.lock`);
    const expected = new Set([...this.#fileNames, ...counted]);
    const left = readdirSync(this.#files).filter((name) => !expected.has(name));
    const staged = left.filter((name) => name.startsWith('.vfs-lockfile-'));
    return [
      ...troubles,
      ...left.filter((name) => !staged.includes(name)).map((name) => `left behind at the end: ${name}`),
      // Each caller of a killed process can leave one staged change and one scratch file for the clock.
      ...(staged.length > (this.#kills.length + this.#disturbances) * 4
        ? [`${String(staged.length)} staged leftovers`]
        : []),
    ];
  }

  /**
   * @param {number} place
   * @returns {string}
   */
  #storeOf(place) {
    const { storeOf, hardLinks } = this.#plan;
    return JSON.stringify(storeOf?.(place, this.#files) ?? { kind: 'local', root: this.#files, hardLinks });
  }

  get #pace() {
    return this.#plan.pace ?? ON_DISK;
  }

  get #isEnough() {
    const { acquisitions, kills, stopsPastLease } = this.#plan.enough;
    const running = this.#victims.reduce((sum, victim) => sum + victim.acquisitions, 0);
    return (
      this.#endedAcquisitions + running >= acquisitions &&
      this.#kills.length >= kills &&
      this.#stopsPastLease >= stopsPastLease
    );
  }

  /** Whether the run can end: how long it takes until enough has happened depends on the machine. */
  #meansSomething() {
    if (!this.#isEnough || performance.now() < this.#nextVerdictMs) return false;
    this.#nextVerdictMs = performance.now() + 1000;
    const verdict = judge(readJournals(this.#journals), this.#kills, this.#stops, this.#partings);
    return shortfalls(verdict, this.#plan.enough).length === 0;
  }

  /** @param {number} place among all that run at one time */
  #start(place) {
    const name = `worker-${String(this.#started++)}`;
    const leases = this.#pace.leaseMs.join('-');
    const command = [WORKER, this.#storeOf(place), this.#journals, name, this.#plan.seed, leases, ...this.#fileNames];
    this.#victims.push(new Victim(name, place, this.#journals, command));
  }

  #replaceTheDead() {
    this.#noteFailures();
    const dead = this.#victims.filter(({ running }) => !running);
    this.#victims = this.#victims.filter(({ running }) => running);
    for (const victim of dead) {
      victim.follow();
      victim.close();
      this.#endedAcquisitions += victim.acquisitions;
      this.#start(victim.place);
    }
  }

  #noteFailures() {
    this.#failures.push(...this.#victims.flatMap(({ failure }) => failure ?? []));
  }

  /** Kills or stops somebody, three times out of four one that holds a lock. */
  #strike() {
    const random = this.#random;
    if (this.#plan.disturb && random.chance(0.4)) {
      this.#plan.disturb(random);
      this.#disturbances += 1;
    }
    const free = this.#victims.filter((victim) => victim.free);
    const holders = free.filter(({ holds }) => holds);
    const targets = holders.length > 0 && random.chance(0.75) ? holders : free;
    if (targets.length === 0) return;
    const target = random.pick(targets);
    if (random.chance(0.35)) {
      this.#noteEnd(target, true);
      void target.kill().then((kill) => this.#kills.push(kill));
    } else if (this.#stopped.size < STOPPED_AT_ONCE) this.#stop(target);
  }

  /**
   * @param {Victim} victim
   * @param {boolean} killed
   */
  #noteEnd({ name }, killed) {
    this.#own.write({ kind: 'ended', at: String(now()), process: name, killed });
  }

  /** @param {Victim} target */
  #stop(target) {
    const { leaseMs } = target;
    // A stop that ends about when the lease does is the hardest to judge right, one that is longer has to be noticed.
    const past = target.holds && this.#random.chance(0.5);
    const unseenMs = past ? this.#random.between(0, this.#pace.slackMs) : 0;
    const ms =
      leaseMs * this.#random.between(past ? 1 : 0.2, past ? 1.5 : 1.1) + this.#random.between(1, 50) + unseenMs;
    const stopped = target.stop(ms).then((stop) => {
      this.#stopped.delete(stopped);
      if (stop === undefined) return;
      this.#stops.push(stop);
      if (past) this.#stopsPastLease += 1;
    });
    this.#stopped.add(stopped);
  }
}

/**
 * What a run lacked to mean anything.
 *
 * @param {Verdict} verdict
 * @param {Enough} enough
 * @returns {string[]}
 */
export function shortfalls(verdict, enough) {
  const { acquisitions, kills, killedHolders, stopsPastLease, steals, goodReleases, checks } = verdict;
  /** @type {readonly (readonly [string, number, number])[]} */
  const wanted = [
    ['acquisitions', acquisitions, enough.acquisitions],
    ['kills', kills, enough.kills],
    ['killed holders', killedHolders, enough.kills / 4],
    ['holders stopped past their lease', stopsPastLease, enough.stopsPastLease / 2],
    ['locks taken over from the dead', steals['dead-process'] ?? 0, enough.kills / 4],
    ['locks taken over after their lease', steals.expired ?? 0, enough.stopsPastLease / 4],
    ['good releases', goodReleases, acquisitions / 2],
    ['checks', checks, acquisitions * 2],
  ];
  return wanted
    .filter(([, got, least]) => got < least)
    .map(([what, got, least]) => `only ${String(got)} ${what}, not ${String(least)}`);
}
