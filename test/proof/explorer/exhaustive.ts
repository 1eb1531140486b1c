import { createHash } from 'node:crypto';

import type { Actor } from './actor.js';
import type { Moment, Move, Scheduler } from './schedule.js';

/** How far a search goes. */
export interface Bounds {
  /** How often an actor that could go on may be made to wait. Letting others go first while one pauses is free. */
  readonly preemptions: number;
  readonly kills: number;
}

/** How many schedules there are, and how many of them broke the model. */
export interface Tally {
  readonly schedules: number;
  readonly failed: number;
}

/** A choice among several moves. */
export interface Branch {
  readonly ways: number;
  readonly taken: number;
  readonly state: string;
  readonly tally: Tally;
}

const NONE: Tally = { schedules: 0, failed: 0 };

/**
 * Every schedule within bounds, one after the other, depth first: each run repeats the last one up to its last choice that
 * has another way. A schedule that comes to a state from which all was tried already, with as many preemptions
 * and kills left, is not played on: those that go through it are counted, since they would go on in the very same ways.
 *
 * A pause moves the clock beyond all patience, so that whoever waits evicts at the second look. Nothing is lost by that: a look
 * that ends in another pause changes nothing that others could see, so each schedule with more looks has the outcome of one
 * in which that actor does not get its turn meanwhile. And a kill is tried only after a step that changed something,
 * since after any other step the disk is as it was before it.
 */
export class Exhaustive implements Scheduler {
  preemptions = 0;
  kills = 0;
  readonly #bounds: Bounds;
  readonly #known: Map<string, Tally> | undefined;
  readonly #branches: Branch[] = [];
  #depth = 0;
  #met = NONE;

  /** `plays`: `'each'` plays also on from states that are known. `path`: choices to begin with, as an earlier search had them. */
  constructor(bounds: Bounds, plays: 'each' | 'new', path: readonly Branch[] = []) {
    this.#bounds = bounds;
    this.#known = plays === 'new' ? new Map<string, Tally>() : undefined;
    this.#branches = [...path];
  }

  get path(): readonly Branch[] {
    return [...this.#branches];
  }

  pauseMs(): number {
    return 1000;
  }

  next(moment: Moment): Move | undefined {
    const { last } = moment;
    const moves = this.#moves(moment);
    const way = moves.length === 1 ? 0 : this.#choose(moves.length, moment);
    const move = way === undefined ? undefined : moves[way];
    if (move?.kill) this.kills += 1;
    else if (move !== undefined && last !== undefined && move.actor !== last && !last.hasPaused) this.preemptions += 1;
    return move;
  }

  /** What the last run came to: `played`, or when it broke off, all that is known to follow. */
  count(played: Tally | undefined): Tally {
    const tally = played ?? this.#met;
    this.#credit(tally);
    return tally;
  }

  /** Goes on to the next schedule. False: that was the last one. */
  advance(): boolean {
    this.#depth = this.preemptions = this.kills = 0;
    for (let last = this.#branches.pop(); last !== undefined; last = this.#branches.pop()) {
      if (last.taken + 1 < last.ways) {
        this.#branches.push({ ...last, taken: last.taken + 1 });
        return true;
      }
      this.#known?.set(last.state, last.tally);
      this.#credit(last.tally);
    }
    return false;
  }

  #credit({ schedules, failed }: Tally): void {
    const last = this.#branches.pop();
    if (last === undefined) return;
    const tally = { schedules: last.tally.schedules + schedules, failed: last.tally.failed + failed };
    this.#branches.push({ ...last, tally });
  }

  #moves({ alive, last }: Moment): readonly Move[] {
    if (last === undefined) return alive.map(goOn);
    const moves = [goOn(last)];
    const mayPreempt = last.hasPaused || this.preemptions < this.#bounds.preemptions;
    if (mayPreempt) moves.push(...alive.filter((actor) => actor !== last).map(goOn));
    if (last.hasChanged && this.kills < this.#bounds.kills) moves.push({ actor: last, kill: true });
    return moves;
  }

  /** Which way to take; undefined where all of them are known. */
  #choose(ways: number, moment: Moment): number | undefined {
    const again = this.#branches[this.#depth];
    this.#depth += 1;
    if (again !== undefined) {
      if (again.ways === ways) return again.taken;
      throw new Error('the same choices led to something else: the code under test is not repeatable');
    }
    const state = this.#known ? digest([this.preemptions, this.kills, moment.state()].join(' ')) : '';
    const known = this.#known?.get(state);
    if (known !== undefined) {
      this.#met = known;
      return undefined;
    }
    this.#branches.push({ ways, taken: 0, state, tally: NONE });
    return 0;
  }
}

/** There are millions of states, and each is a page of text. */
function digest(state: string): string {
  return createHash('sha256').update(state).digest('base64url');
}

function goOn(actor: Actor): Move {
  return { actor, kill: false };
}
