import { Actor } from './actor.js';
import { newParty, retire, type Algorithm, type Bench } from './algorithms.js';
import type { Steps } from '../../../src/util/steps.js';
import { isOurName } from '../../../src/vfs/names.js';
import type { Chronicle } from './chronicle.js';
import type { Content } from './content.js';
import { Judge } from './judge.js';
import { handOf, type Scenario, type Script } from './scenario.js';
import { noSightings, stageOf, type Sightings } from './sightings.js';
import { systemCalls } from './system.js';
import type { Survey, World } from './world.js';

/** Who makes the next step, or is killed before it. */
export interface Move {
  readonly actor: Actor;
  readonly kill: boolean;
}

/** Where a schedule has come to. */
export interface Moment {
  /** Who can go on: at least one. */
  readonly alive: readonly Actor[];
  /** Who made the last step, if that actor can go on. */
  readonly last: Actor | undefined;
  /** All that the rest of the schedule, and its verdict, depends on. */
  readonly state: () => string;
}

export interface Scheduler {
  /** Undefined: what may follow is known. */
  next(moment: Moment): Move | undefined;
  /** By how much a pause moves the clock of the world, in milliseconds. */
  pauseMs(): number;
}

type Tell = (line: string) => void;

/** More than any schedule needs in which somebody gets on. */
const MOST_STEPS = 5000;

export interface Verdict {
  readonly violations: readonly string[];
  readonly story: string;
}

interface Keeping {
  readonly seen?: Sightings | undefined;
  readonly chronicle?: Chronicle | undefined;
}

/** One schedule of one scenario after the other in one world. */
export class Stage {
  readonly seen: Sightings;
  readonly #world: World;
  readonly #scenario: Scenario;
  readonly #algorithm: Algorithm;
  readonly #bench: Bench;
  readonly #chronicle: Chronicle | undefined;
  /** What newcomers have found already and mastered: they would do the very same again. */
  readonly #admitted = new Set<string>();

  /** `chronicle`: keeps the stories of the actors, for schedulers that ask for states. */
  constructor(
    world: World,
    scenario: Scenario,
    algorithm: Algorithm,
    { seen = noSightings(), chronicle }: Keeping = {},
  ) {
    this.seen = seen;
    this.#chronicle = chronicle;
    this.#world = world;
    this.#scenario = scenario;
    this.#algorithm = algorithm;
    const calls = systemCalls(world, scenario.system);
    this.#bench = {
      world,
      calls,
      hardLinks: scenario.system.hardLinks !== 'asked not to',
      vias: new Map(),
      party: undefined,
    };
  }

  /** Plays a schedule to its end, then checks what is left over. Undefined: the scheduler did not want to see the end. */
  play(scheduler: Scheduler, tell?: Tell): Verdict | undefined {
    const { initial, scripts } = this.#scenario;
    this.#world.reset(initial);
    this.#bench.vias.clear();
    this.#chronicle?.begin();
    const judge = new Judge(initial);
    const shared = this.#scenario.oneParty ? newParty() : undefined;
    const actors = scripts.map((script, i) => this.#actor(String.fromCharCode(65 + i), judge, script, shared));
    const end = this.#perform(actors, judge, scheduler, tell);
    for (const actor of actors) actor.dismiss();
    const { story } = judge;
    if (end === 'for ever') judge.complain('nobody gets on any more');
    const survey = this.#world.survey();
    if (end === 'known') return undefined;
    const via = judge.state && this.#bench.vias.get(judge.state.label);
    for (const complaint of leftovers(survey, this.#world, actors, via)) judge.complain(complaint);
    this.#admit(survey, judge, tell);
    return { violations: judge.violations, story };
  }

  #actor(name: string, judge: Judge, script: Script, party = newParty()): Actor {
    const actor = new Actor(name, this.#world, judge, this.seen, this.#chronicle);
    const bench: Bench = { ...this.#bench, party };
    actor.begin(closing(script(handOf(actor, judge, bench, this.#algorithm)), bench));
    return actor;
  }

  #perform(actors: readonly Actor[], judge: Judge, scheduler: Scheduler, tell?: Tell): 'done' | 'known' | 'for ever' {
    let last: Actor | undefined;
    const state = (): string => this.#state(actors, judge, last);
    for (let steps = 0; steps < MOST_STEPS; steps += 1) {
      const alive = actors.filter((actor) => actor.alive);
      if (alive.length === 0) return 'done';
      const move = scheduler.next({ alive, last: last?.alive ? last : undefined, state });
      if (move === undefined) return 'known';
      last = move.actor;
      if (move.kill) {
        last.kill();
        tell?.(`${last.name} is killed`);
      } else {
        last.step(tell);
        if (last.hasPaused) this.#world.nowMs += scheduler.pauseMs();
      }
    }
    return 'for ever';
  }

  /** The clock is not in it: within a search, patience ends at the second look. */
  #state(actors: readonly Actor[], judge: Judge, last: Actor | undefined): string {
    const { trees, inside } = this.#world.survey();
    const plain = (text: string): string => this.#chronicle?.plain(text, 'nobody') ?? text;
    const latest = last?.alive ? [last.name, last.hasPaused, last.hasChanged] : [];
    return [
      judge.memory,
      trees.map(plain).sort().join(' '),
      inside?.map(plain).sort().join(' ') ?? 'no guard',
      ...actors.map((actor) => plain(actor.state)),
      latest.join(' '),
    ].join('\n');
  }

  /** Whatever the others left behind, a newcomer can change the lock file, and puts out whoever died in the guard. */
  #admit({ staged, inside }: Survey, judge: Judge, tell?: Tell): void {
    const found = [judge.state ? 'held' : 'free', ...(inside ?? ['open'])].join(' ').replace(/[0-9a-f]{32}/g, '');
    if (this.#admitted.has(found)) return;
    const newcomer = this.#actor('Z', judge, newcomerTo(judge.state));
    const alone: Scheduler = { next: () => ({ actor: newcomer, kill: false }), pauseMs: () => 1000 };
    if (this.#perform([newcomer], judge, alone, tell) !== 'done') judge.complain('a newcomer never gets in');
    newcomer.dismiss();
    if (judge.state !== undefined) judge.complain('a newcomer could not do all that it wanted');
    const now = this.#world.survey();
    const added = now.staged.filter((name) => !staged.includes(name));
    if (added.length > 0) judge.complain(`a newcomer left ${added.join(' ')} behind`);
    const mayStay = inside !== undefined && this.#scenario.system.guardMayStay === true;
    if (now.inside !== undefined && !mayStay) judge.complain('a newcomer left the guard behind');
    if (judge.violations.length === 0) this.#admitted.add(found);
  }
}

/** At its end a process removes its private folder, if no record names it. */
function* closing(script: Steps<unknown>, bench: Bench): Steps<void> {
  yield* script;
  yield* retire(bench);
}

/** Takes the lock or takes it over, renews it, and gives it back. */
function newcomerTo(state: Content | undefined): Script {
  return function* (hand) {
    let last = state;
    for (const to of [hand.fresh(), hand.fresh(), undefined]) {
      if (!(yield* hand.change(last, to))) return;
      last = to;
    }
  };
}

/**
 * What is wrong with the remaining files: every actor that was not killed has cleaned up, and every name is one of ours. Only the
 * holder's folder stays that the record of a held lock names (`via`).
 */
function leftovers(
  { staged, inside }: Survey,
  world: World,
  actors: readonly Actor[],
  via: string | undefined,
): readonly string[] {
  const killed = actors.filter((actor) => actor.killed);
  const needed = via === undefined ? undefined : stageOf(world, via);
  const isExcused = (stage: string): boolean => stage === needed || killed.some((actor) => actor.owns(stage));
  const left = staged.filter((name) => !isExcused(name)).map((name) => `${name} is left over`);
  if (inside !== undefined && (killed.length === 0 || !inside.every((entry) => isExcused(stageOf(world, entry))))) {
    left.push(`the guard is left over with ${inside.join(' ') || 'nothing'} in it`);
  }
  const strange = staged.filter((name) => !isOurName(name)).map((name) => `nobody could tell that ${name} is ours`);
  return [...left, ...strange];
}
