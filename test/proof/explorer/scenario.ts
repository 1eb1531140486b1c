import { readFile } from '../../../src/backends/local/lock-files.js';
import { fence } from '../../../src/backends/shared/plain/fence.js';
import type { Steps } from '../../../src/util/steps.js';
import type { Actor } from './actor.js';
import { ExploredFiles, type Algorithm, type Bench } from './algorithms.js';
import { content, contentOf, type Content } from './content.js';
import type { Judge } from './judge.js';
import type { System } from './system.js';

/** What a script can do: each line of it is one call of the library. */
export interface Hand {
  /** A content that nobody has ever written. */
  fresh(): Content;
  look(): Steps<Content | undefined>;
  /** Tells whether the change was made. */
  change(from: Content | undefined, to: Content | undefined): Steps<boolean>;
  /** Removes every holder's folder that a record named so far. */
  sweep(): Steps<void>;
}

export type Script = (hand: Hand) => Steps<unknown>;

/** Who meets over which file on what kind of file system. */
export interface Scenario {
  readonly name: string;
  readonly initial: Content | undefined;
  readonly scripts: readonly Script[];
  readonly system: System;
  /** All actors are calls of one process, and share its private folder. */
  readonly oneParty?: boolean;
}

/** Lets an actor's script use the library, with the judge looking on. */
export function handOf(actor: Actor, judge: Judge, bench: Bench, algorithm: Algorithm): Hand {
  let written = 0;
  return {
    fresh: () => content(`${actor.name}${String((written += 1))}`),
    *look() {
      const call = (actor.call = judge.announce(actor.name, 'reading'));
      const files = new ExploredFiles(bench);
      const snapshot = yield* readFile(files, bench.world.lock, { clock: true, maxBytes: Infinity });
      const found = contentOf(snapshot && Buffer.from(snapshot.data).toString('latin1'));
      judge.show(call, found);
      actor.call = undefined;
      return found === 'torn' ? undefined : found;
    },
    *change(from, to) {
      const call = (actor.call = judge.announce(actor.name, { from, to }));
      const won = yield* algorithm(bench, from, to);
      judge.answer(call, won);
      actor.call = undefined;
      return won;
    },
    *sweep() {
      const files = new ExploredFiles(bench);
      for (const via of new Set(bench.vias.values())) yield* fence(files, bench.world.lock, via);
    },
  };
}
