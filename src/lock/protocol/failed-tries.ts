import { run, type Steps } from '../../util/steps.js';
import { effectOf } from '../../vfs/errors.js';
import { isSilence, type Acquired, type Contender } from './contender.js';

/** How many tries in a row may fail to write while nobody holds the lock, before the wait ends with that failure. */
const MOST_FAILED_TRIES = 3;

/** Forgives some tries that end with a failed write where nobody holds the lock: a store may be disturbed for a moment. */
export class FailedTries {
  readonly #contender: Contender;
  #inARow = 0;

  constructor(contender: Contender) {
    this.#contender = contender;
  }

  async orUndefined(attempt: Steps<Acquired | undefined>): Promise<Acquired | undefined> {
    try {
      const acquired = await run(attempt);
      this.#inARow = 0;
      return acquired;
    } catch (error) {
      this.#inARow += 1;
      const isPassing = error === this.#contender.failure && effectOf(error) === 'unknown' && !isSilence(error);
      if (!isPassing || this.#inARow === MOST_FAILED_TRIES) throw error;
      return undefined;
    }
  }
}
