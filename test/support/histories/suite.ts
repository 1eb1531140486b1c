import { it } from 'vitest';

import type { Manners } from '../../../proof/history/check.js';
import type { History } from '../../../proof/history/history.js';
import type { Place, Suite } from '../operate/stores.js';
import { expectAllowed } from './judges.js';
import { play, type Plan } from './play.js';

/** The history of a play, whose seed is printed. */
export async function played(place: Place, plan: Omit<Plan, 'seed'>): Promise<History> {
  const seed = process.env.HISTORY_SEED ?? String(Date.now());
  const history = await play(place, { ...plan, seed });
  const lines = [...history.values()].reduce((sum, events) => sum + events.length, 0);
  console.log(`a history of ${String(lines)} lines, HISTORY_SEED=${seed}`);
  return history;
}

/** A suite that follows what callers of a store did through the model. */
export function historySuite(plan: Omit<Plan, 'seed'>, manners: Manners = { repeats: false }): Suite {
  return (place) => {
    it('the model allows every line of a history, and porcupine finds it linearizable', async () => {
      expectAllowed(await played(place(), plan), manners);
    });
  };
}
