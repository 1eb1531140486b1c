import type { Algorithm } from './algorithms.js';
import type { Bounds } from './exhaustive.js';
import * as mutants from './holder-mutants.js';
import { givenUp, thiefOfHolder, thiefOfHolderApart, thiefOfRenewals } from './holder-scenarios.js';
import type { Scenario } from './scenario.js';

/** Enough for every mistake with a holder's folder to show itself. */
export const MISTAKEN: Bounds = { preemptions: 2, kills: 0 };

/** One way to get the holder's folder wrong. */
export interface HolderMistake {
  readonly what: string;
  /** Where it shows. */
  readonly scenario: Scenario;
  readonly algorithm: Algorithm;
  /** The promise that it breaks. Folders that stay, and contenders that wait for ever, are not enough. */
  readonly breaks: RegExp;
}

/** The holder, A, changes the record of the thief, B, for its own. */
const HITS_THIEF = /^A made the change B\d -> (A\d|nothing), wanted was A\d -> /;
/** The thief replaces what it has not judged: the holder has renewed or released the lock since. */
const STEALS_UNJUDGED = /^B made the change (A\d|nothing) -> B\d, wanted was A\d -> /;
/** The renewal lands after the release, and the free lock is held again. */
const REVIVES = /^A made the change nothing -> A2, wanted was A1 -> A2$/;

export const HOLDER_MISTAKES: readonly HolderMistake[] = [
  mistake('m1: a thief leaves the folder', thiefOfHolder, mutants.neverFences, HITS_THIEF),
  mistake('m1b: a thief only empties the folder', thiefOfHolder, mutants.onlyEmpties, HITS_THIEF),
  mistake(
    'm2: a thief removes the folder after it has judged',
    thiefOfRenewals,
    mutants.fencesAfterJudging,
    STEALS_UNJUDGED,
  ),
  mistake('m3: the lost folder is made again under its id', thiefOfHolder, mutants.remakesFolder, STEALS_UNJUDGED),
  mistake('m4: the fallback does not compare', thiefOfHolder, mutants.fallsBackBlindly, HITS_THIEF),
  mistake('m5: an own removal is an unlink', thiefOfHolder, mutants.unlinks, HITS_THIEF),
  mistake('m6: a thief renames the folder away', thiefOfHolderApart, mutants.renamesFolderAway, HITS_THIEF),
  mistake('m7: an own removal is a link and an unlink', thiefOfHolder, mutants.linksAndUnlinks, HITS_THIEF),
  mistake('m8: a second act begins while one is under way', givenUp, mutants.actsTwice, REVIVES),
];

function mistake(what: string, scenario: Scenario, algorithm: Algorithm, breaks: RegExp): HolderMistake {
  return { what, scenario, algorithm, breaks };
}
