import { describe, it } from 'vitest';

import type { History } from '../../proof/history/history.js';
import { expectRefused, isAllowed } from '../support/histories/judges.js';
import {
  withFallingTokens,
  withLateHolders,
  withoutLines,
  withSwappedEvents,
  withSwappedLines,
  withTwoHolders,
  type Mutation,
} from '../support/histories/mutations.js';
import { historySuite, played } from '../support/histories/suite.js';
import { onEachStore, stores } from '../support/operate/stores.js';

onEachStore(stores, historySuite({ acquisitions: 100 }));

/** No more of each kind: all of them would take minutes. */
const MOST = 60;

onEachStore(stores.slice(0, 1), (place) => {
  describe('a history that did not happen', () => {
    let made: History | undefined;
    /** The history of one play, made in the first test's place. */
    const history = async (): Promise<History> => (made ??= await played(place(), { acquisitions: 40 }));

    it.each<[string, (history: History) => Mutation[]]>([
      ['lacks a line on which others rest', withoutLines],
      ['has two lines of one process swapped', withSwappedLines],
      ['has two events of one process in the other order', withSwappedEvents],
      ['has a token that falls back', withFallingTokens],
      ['has two holders', withTwoHolders],
      ['has a holder that goes on while it releases', withLateHolders],
    ])('is refused if it %s', async (_, mutationsOf) => {
      expectRefused(mutationsOf(await history()), MOST, isAllowed);
    });
  });
});
