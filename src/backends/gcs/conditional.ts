import { realSleep } from '../../util/sleep.js';
import type { Version, Written } from '../../vfs/vfs.js';
import { RequestFailure } from '../shared/bucket/errors.js';
import { SharedProbe } from '../shared/bucket/probe.js';
import { GcsFailure, gcsError } from './errors.js';
import { conditionsOf, isLockKey, metadataOf } from './gcslock.js';
import { NO_OBJECT, type GcsObjects, type InsertOptions, type ObjectDetails } from './objects.js';
import type { ResolvedGcsOptions } from './options.js';
import { probeConditions } from './probe.js';

type Signal = AbortSignal | undefined;
type Conditions = 'ifGenerationMatch' | 'ifMetagenerationMatch';

/** The store takes about one change of an object a second, and does nothing when it answers that they come too often. */
const PAUSES_MS = [300, 1000];

/** "Too often", and what Google asks to send again. */
const RETRIED: readonly (number | undefined)[] = [429, 500, 502, 503];

/**
 * The requests with a condition. The SDK's own retries are off for them, because a refusal of the second attempt may be due to
 * the success of the first. So such a call rejects with `effect: 'unknown'`, and the caller, who knows what was written, reads
 * the object. The condition is always on the generation, which no two writes share, and never on the metageneration alone, which
 * begins at 1 again with each generation.
 */
export class GcsConditionalWrites {
  readonly #objects: GcsObjects;
  readonly #options: ResolvedGcsOptions;
  readonly #probe: SharedProbe<void>;

  constructor(objects: GcsObjects, options: ResolvedGcsOptions) {
    this.#objects = objects;
    this.#options = options;
    const bucket = { ...options, scheme: 'gs', permissions: LOCK_PERMISSIONS, fail: gcsError } as const;
    this.#probe = new SharedProbe(bucket, (key) => probeConditions(objects, key, options.conditionalDelete));
  }

  /** Creates the object, or overwrites `version` of it. Undefined: lost, nothing was changed. */
  async put(
    key: string,
    version: Version | undefined,
    data: Uint8Array,
    signal: Signal,
    marks?: ObjectDetails['metadata'],
  ): Promise<Written | undefined> {
    const conditions = version === undefined ? { ifGenerationMatch: NO_OBJECT } : this.#conditions(key, version);
    if (conditions === undefined) return undefined;
    const metadata = marks ?? (this.#isShared(key) ? metadataOf(data) : undefined);
    const options = { ...conditions, details: { ...UNCACHED, ...(metadata && { metadata }) } };
    return this.#contend(key, signal, async () => ({
      version: await this.#objects.insert(key, data, signal, options),
    }));
  }

  /** Removes `version` of the object. False: lost, nothing was changed. */
  async remove(key: string, version: Version, signal: Signal): Promise<boolean> {
    const conditions = this.#conditions(key, version);
    if (conditions === undefined) return false;
    return (await this.#contend(key, signal, () => this.#objects.delete(key, signal, conditions))) ?? false;
  }

  /** Whether gcslock may change it too, by its metadata alone. */
  #isShared(key: string): boolean {
    return this.#options.gcslock && isLockKey(key);
  }

  /** Undefined: the version is not of this store. */
  #conditions(key: string, version: Version): Pick<InsertOptions, Conditions> | undefined {
    const conditions = this.#isShared(key) ? conditionsOf(version) : { ifGenerationMatch: version };
    return isGeneration(conditions.ifGenerationMatch) ? conditions : undefined;
  }

  /** Checks, once and before the first conditional request, that a store that is not Google's checks conditions. */
  async probe(key: string, signal: Signal): Promise<void> {
    signal?.throwIfAborted();
    if (!this.#options.isGoogle) await this.#probe.result(key, signal);
  }

  async #contend<T>(key: string, signal: Signal, attempt: () => Promise<T>): Promise<T | undefined> {
    await this.probe(key, signal);
    /** The last attempt that may have taken effect, in which case the answers to later attempts prove nothing. */
    let doubt: GcsFailure | undefined;
    let tooOften: GcsFailure | undefined;
    for (const pauseMs of [...PAUSES_MS, undefined]) {
      const answer = await attempt().catch(failureOf);
      if (!(answer instanceof GcsFailure)) {
        if (answer === false && doubt) throw doubt;
        return answer;
      }
      if (!RETRIED.includes(answer.status)) {
        if (answer.status === 412 && !doubt) return undefined;
        throw doubt ?? answer;
      }
      if (answer.effect === 'unknown') doubt = answer;
      else tooOften = answer;
      if (pauseMs !== undefined) await pause(pauseMs, signal, doubt);
    }
    // Rivals may be the reason, or a quota: a read of the object shows which.
    throw doubt ?? new RequestFailure(tooOften?.cause, { status: 429, effect: 'unknown' });
  }
}

/** What locks need. Google requires the permission to delete for overwriting. */
export const LOCK_PERMISSIONS = [
  'storage.objects.create',
  'storage.objects.delete',
  'storage.objects.get',
  'storage.objects.list',
];

/** Caches serve objects that everybody may read for an hour, unless the object forbids it. */
const UNCACHED: ObjectDetails = { cacheControl: 'no-store' };

/** A version that is no generation is not of this store. `0` would stand for no object. */
function isGeneration(version: string): boolean {
  return /^[1-9]\d{0,18}$/.test(version);
}

function failureOf(error: unknown): GcsFailure {
  if (error instanceof GcsFailure) return error;
  throw error;
}

async function pause(ms: number, signal: Signal, doubt: GcsFailure | undefined): Promise<void> {
  try {
    await realSleep(ms * (0.5 + Math.random()), signal);
  } catch (reason) {
    throw doubt ?? reason;
  }
}
