import { describe, expect, it } from 'vitest';

import { refusalOf } from '../../proof/history/check.js';
import type { History } from '../../proof/history/history.js';
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
      const all = mutationsOf(await history());
      const step = Math.ceil(all.length / MOST);
      const mutations = all.filter((_each, at) => at % step === 0);
      expect(mutations.length).toBeGreaterThan(0);
      const allowed = mutations.filter((each) => refusalOf(each.history, { repeats: false }) === undefined);
      expect(allowed.map(({ what }) => what)).toEqual([]);
    });
  });
});
