import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { History } from '../../proof/history/history.js';
import { expectRefused } from '../support/histories/judges.js';
import { withFallingTokens, withoutLines, withTwoHolders, type Mutation } from '../support/histories/mutations.js';
import { played } from '../support/histories/suite.js';
import { areThere, lacks } from '../support/needs.js';
import { onEachStore, stores } from '../support/operate/stores.js';
import { Porcupine, PORCUPINE_FILES } from './porcupine/porcupine.js';

const lacking = areThere(PORCUPINE_FILES) ? undefined : lacks('porcupine');

/** Each starts a process. */
const MOST = 25;

describe.skipIf(lacking !== undefined)(`porcupine, an outside judge${lacking ? `: ${lacking}` : ''}`, () => {
  let porcupine: Porcupine;
  beforeAll(() => void (porcupine = new Porcupine()));
  afterAll(() => porcupine.dispose());

  onEachStore(stores.slice(0, 2), (place) => {
    let made: History | undefined;
    /** The history of one play, made in the first test's place. */
    const history = async (): Promise<History> => (made ??= await played(place(), { acquisitions: 60 }));

    it('finds that a lock is a linearizable register with leases', async () => {
      expect(porcupine.judge(await history())).toBe('linearizable');
    });

    it.each<[string, (history: History) => Mutation[]]>([
      ['lacks a request on which others rest', (all) => withoutLines(all).filter(({ what }) => !what.includes('line'))],
      ['has a token that falls back', withFallingTokens],
      ['has two holders', withTwoHolders],
    ])('refuses a history that %s', async (_, mutationsOf) => {
      expectRefused(mutationsOf(await history()), MOST, (each) => porcupine.judge(each) === 'linearizable');
    });
  });
});
