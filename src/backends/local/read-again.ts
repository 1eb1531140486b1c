import type { Steps } from '../../util/steps.js';
import { codeOf } from '../shared/plain/posix-errors.js';

/**
 * How often a read is repeated after an error that may pass. NFS answers ESTALE for a file that another client has replaced since it
 * was opened, and EIO for a request whose answer was lost.
 */
const MOST_REPEATS: Readonly<Record<string, number>> = { ESTALE: 8, EIO: 1 };

/** Reads, and after an error that may pass reads again, a little later each time. */
export function* readAgain<T>(read: () => Steps<T>, pause: (ms: number) => Steps<void>): Steps<T> {
  for (let repeats = 0; ; repeats += 1) {
    try {
      return yield* read();
    } catch (error) {
      if (repeats >= (MOST_REPEATS[codeOf(error)] ?? 0)) throw error;
    }
    yield* pause(2 ** repeats);
  }
}
