import { sleep } from '../pause.js';
import type { Version, Written } from '../vfs.js';
import { GcsFailure } from './gcs-failure.js';
import { gcsError } from './gcs-errors.js';
import type { GcsObjects, ObjectDetails } from './gcs-objects.js';
import type { GcsTerms } from './gcs-options.js';
import { proveConditions } from './gcs-proof.js';

type Signal = AbortSignal | undefined;

/** A store that says "too often" has done nothing, and takes about one change of an object a second. */
const RATE_PAUSES_MS = [300, 1000];

/**
 * The conditional requests. Each is sent by itself, without the SDK's repetitions, so that a refusal is never the answer to
 * a second attempt whose first had won. The condition is always on the generation, which no two writes share; a
 * metageneration begins at 1 again with each of them.
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
    for (const pauseMs of [...RATE_PAUSES_MS, undefined]) {
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof GcsFailure)) throw error;
        if (error.status === 412) return undefined;
        if (error.status !== 429) throw error;
      }
      if (pauseMs !== undefined) await sleep(pauseMs * (0.5 + Math.random()), signal);
    }
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
export const SWAP_PERMISSIONS = ['storage.objects.create', 'storage.objects.delete', 'storage.objects.get'];

/** The generation of what is not there. */
export const NONE = '0';

/** Objects that all may read would otherwise be served from caches for an hour. */
const UNCACHED: ObjectDetails = { cacheControl: 'no-store' };

/** What is no generation cannot be one of this store's, and `0` would stand for no object. */
function isGeneration(version: string): boolean {
  return /^[1-9]\d{0,18}$/.test(version);
}
