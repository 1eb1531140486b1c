import { sleep } from '../../util/sleep.js';
import type { Version, Written } from '../../vfs/vfs.js';
import { GcsFailure } from './failure.js';
import { gcsError } from './errors.js';
import type { GcsObjects, ObjectDetails } from './objects.js';
import type { GcsTerms } from './options.js';
import { proveConditions } from './probe.js';

type Signal = AbortSignal | undefined;

/** The store takes about one change of an object a second; when it says that these come too often, it has done nothing. */
const PAUSES_MS = [300, 1000];

/** "Too often", and what Google asks to be tried again. */
const AGAIN: readonly (number | undefined)[] = [429, 500, 502, 503];

/**
 * The conditional requests. The SDK's own repetitions are off for them, since they hide a first attempt that won behind a
 * second that is refused; the few that are made here keep that doubt. The condition is always on the generation, which no two
 * writes share; a metageneration begins at 1 again with each of them.
 */
export class GcsSwaps {
  readonly #objects: GcsObjects;
  readonly #terms: GcsTerms;
  #proof: Promise<void> | undefined;

  constructor(objects: GcsObjects, terms: GcsTerms) {
    this.#objects = objects;
    this.#terms = terms;
  }

  /** Creates the object, or overwrites `version` of it. Undefined: lost, nothing was changed. */
  async put(
    key: string,
    version: Version | undefined,
    data: Uint8Array,
    signal: Signal,
    about: ObjectDetails = UNCACHED,
  ): Promise<Written | undefined> {
    const ifGenerationMatch = version ?? NONE;
    if (version !== undefined && !isGeneration(version)) return undefined;
    return this.#contend(key, signal, async () => ({
      version: await this.#objects.insert(key, data, signal, { ifGenerationMatch, about }),
    }));
  }

  /** Removes `version` of the object. False: lost. */
  async remove(key: string, version: Version, signal: Signal): Promise<boolean> {
    if (!isGeneration(version)) return false;
    return (await this.#contend(key, signal, () => this.#objects.delete(key, signal, version))) ?? false;
  }

  /** Makes sure, once for a store that is not Google's and before anything is sent, that it keeps conditions. */
  async prove(key: string, signal: Signal): Promise<void> {
    signal?.throwIfAborted();
    if (!this.#terms.isGoogle) await (this.#proof ??= this.#prove(key));
    signal?.throwIfAborted();
  }

  async #contend<T>(key: string, signal: Signal, attempt: () => Promise<T>): Promise<T | undefined> {
    await this.prove(key, signal);
    /** An attempt that may have won: what looks lost after it, only a look at the object tells. */
    let doubt: GcsFailure | undefined;
    for (const pauseMs of [...PAUSES_MS, undefined]) {
      const answer = await attempt().catch(failureOf);
      if (!(answer instanceof GcsFailure)) {
        if (answer === false && doubt) throw doubt;
        return answer;
      }
      if (!AGAIN.includes(answer.status)) {
        if (answer.status === 412 && !doubt) return undefined;
        throw doubt ?? answer;
      }
      if (answer.open) doubt = answer;
      if (pauseMs !== undefined) await pause(pauseMs, signal, doubt);
    }
    if (doubt) throw doubt;
    return undefined;
  }

  async #prove(key: string): Promise<void> {
    try {
      await proveConditions(this.#objects, key, this.#terms.conditionalDelete);
    } catch (error) {
      this.#proof = undefined;
      const { bucket } = this.#terms;
      const errand = {
        verb: 'try conditional writes in',
        shown: `gs://${bucket}`,
        bucket,
        permissions: SWAP_PERMISSIONS,
      };
      throw gcsError({ ...errand, changes: false }, error);
    }
  }
}

/** What the least role for a lock permits. To overwrite is to delete for Google's permissions. */
export const SWAP_PERMISSIONS = [
  'storage.objects.create',
  'storage.objects.delete',
  'storage.objects.get',
  'storage.objects.list',
];

/** The generation of what is not there. */
export const NONE = '0';

/** Objects that all may read would otherwise be served from caches for an hour. */
const UNCACHED: ObjectDetails = { cacheControl: 'no-store' };

/** What is no generation cannot be one of this store's, and `0` would stand for no object. */
function isGeneration(version: string): boolean {
  return /^[1-9]\d{0,18}$/.test(version);
}

function failureOf(error: unknown): GcsFailure {
  if (error instanceof GcsFailure) return error;
  throw error;
}

async function pause(ms: number, signal: Signal, doubt: GcsFailure | undefined): Promise<void> {
  try {
    await sleep(ms * (0.5 + Math.random()), signal);
  } catch (reason) {
    throw doubt ?? reason;
  }
}
