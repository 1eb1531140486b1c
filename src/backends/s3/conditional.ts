import { VfsError } from '../../vfs/errors.js';
import { untilAborted } from '../../util/abort.js';
import { sleep } from '../../util/sleep.js';
import type { Version, Written } from '../../vfs/vfs.js';
import { isAbsent, isOpen, s3Error } from './errors.js';
import { isAws, type S3Terms } from './options.js';
import { versionOf, type S3Objects } from './objects.js';
import { inForm, probeConditions, type ProbeResult } from './probe.js';
import { S3Failure } from './client.js';

type Signal = AbortSignal | undefined;

/** How often a conflict with a rival's write under way is looked into before it counts as lost. */
const CONFLICTS = 6;
const CONFLICT_PAUSE_MS = 40;

/**
 * The conditional requests. What the store answers is believed where it is the first attempt's answer; behind a repetition
 * that the SDK hides there may be a write of our own, and a look at the object tells.
 */
export class S3Swaps {
  readonly #objects: S3Objects;
  readonly #terms: S3Terms;
  #proof: Promise<ProbeResult> | undefined;
  #isAws = true;

  constructor(objects: S3Objects, terms: S3Terms) {
    this.#objects = objects;
    this.#terms = terms;
  }

  /**
   * Creates the object, or overwrites `version` of it. Undefined: lost, nothing was changed. Bytes that come with details are
   * a file's, which others may have too; a lock's never repeat, so that they tell whose write it was.
   */
  async put(
    Key: string,
    version: Version | undefined,
    data: Uint8Array,
    signal: Signal,
    about?: PutDetails,
  ): Promise<Written | undefined> {
    const { wire, common } = this.#objects;
    const condition = version === undefined ? { IfNoneMatch: '*' } : { IfMatch: version };
    const input = { ...common, ...about, Key, Body: Buffer.from(data), ...condition };
    for (let conflicts = 0; ; conflicts += 1) {
      try {
        const before = this.#proving(Key, signal);
        const { output } = await wire.send((sdk) => new sdk.PutObjectCommand(input), { signal, before });
        await this.#keepProven(Key, output.VersionId);
        return { version: versionOf(output.ETag) };
      } catch (error) {
        if (!(error instanceof S3Failure)) throw error;
        const seen = await this.#settle(error, Key, version, about ? undefined : data, signal);
        if (seen !== 'again') return seen;
        if (conflicts === CONFLICTS) return undefined;
      }
    }
  }

  /** Removes `version` of the object. False: lost. */
  async remove(Key: string, version: Version, signal: Signal): Promise<boolean> {
    const { wire, common } = this.#objects;
    const input = { ...common, Key, IfMatch: version };
    for (let conflicts = 0; ; conflicts += 1) {
      try {
        const before = this.#proving(Key, signal);
        await wire.send((sdk) => new sdk.DeleteObjectCommand(input), { signal, before });
        return true;
      } catch (error) {
        if (!(error instanceof S3Failure) || error.attempts.slice(0, -1).some(isOpen)) throw error;
        if (error.status === 412 || isAbsent(error)) return false;
        if (error.status !== 409) throw error;
        const found = await this.#afterConflict(Key, signal);
        // Gone, by whose act nobody knows.
        if (found === undefined) throw error;
        if (conflicts === CONFLICTS || found.version !== version) return false;
      }
    }
  }

  /** Whether a refused or failed write went through after all: what was written, undefined for lost, or to be sent again. */
  async #settle(
    error: S3Failure,
    Key: string,
    version: Version | undefined,
    unique: Uint8Array | undefined,
    signal: Signal,
  ): Promise<Written | undefined | 'again'> {
    const { attempts, status } = error;
    const refused = status === 412 || isAbsent(error);
    const repeated = attempts.slice(0, -1).some(isOpen);
    if (refused && !repeated) return undefined;
    if (!refused && status !== 409 && status !== 500) throw error;
    if (unique === undefined && (repeated || status === 500)) throw error;
    const bytes = unique === undefined ? 0 : unique.byteLength + 1;
    const looking = status === 409 ? this.#afterConflict(Key, signal, bytes) : this.#objects.get(Key, bytes, signal);
    const found = await looking.catch(() => {
      throw error;
    });
    if (found && unique && Buffer.from(found.data).equals(unique)) return { version: found.version };
    // What went unanswered may still be on its way.
    if (attempts.some((each) => each !== 409 && each !== 500 && isOpen(each))) throw error;
    return found?.version === version ? (status === 409 ? 'again' : raise(error)) : undefined;
  }

  /** The object a moment after a conflict, when the rival's write is likely to be over. */
  async #afterConflict(Key: string, signal: Signal, maxBytes = 0) {
    await sleep(CONFLICT_PAUSE_MS * (0.5 + Math.random()), signal);
    return this.#objects.get(Key, maxBytes, signal);
  }

  async #prove(key: string): Promise<ProbeResult> {
    try {
      return await probeConditions(this.#objects, key, this.#terms.conditionalDelete);
    } catch (error) {
      this.#proof = undefined;
      const { Bucket: bucket } = this.#objects.common;
      const errand = { verb: 'try conditional writes in', shown: `s3://${bucket}`, bucket, actions: SWAP_ACTIONS };
      throw s3Error({ ...errand, changes: false }, error);
    }
  }

  /**
   * Some releases of Ceph ignore in a bucket with versions the conditions that they keep elsewhere. Where versions were turned
   * on after the proof it is made anew, and the write whose answer told so is taken back if that fails.
   */
  async #keepProven(Key: string, VersionId: string | undefined): Promise<void> {
    if (this.#isAws) return;
    try {
      const { versioned } = await (this.#proof ??= this.#prove(Key));
      if (versioned !== (VersionId !== undefined)) await (this.#proof = this.#prove(Key));
    } catch (error) {
      const { wire, common } = this.#objects;
      const ours = { ...common, Key, VersionId };
      if (VersionId) await wire.send((sdk) => new sdk.DeleteObjectCommand(ours)).catch(() => undefined);
      throw error;
    }
  }

  /** Makes sure, once for a store that is not AWS and before anything is sent, that it keeps conditions and how it wants them. */
  #proving(key: string, signal: Signal) {
    return async (hostname: string, headers: Record<string, string>): Promise<void> => {
      if (isAws(hostname)) return;
      if (this.#terms.takenForAws) throw notAws(hostname);
      this.#isAws = false;
      this.#proof ??= this.#prove(key);
      const { form } = await untilAborted(this.#proof, signal);
      const etag = headers['if-match'];
      if (etag !== undefined) headers['if-match'] = inForm(etag, form);
    };
  }
}

/** What the least policy for a lock allows. AWS wants to read for a condition on an ETag. */
export const SWAP_ACTIONS = ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'];

/** What belongs to an object besides its bytes. */
export interface PutDetails {
  readonly ContentType?: string;
  readonly Metadata?: Record<string, string>;
}

function raise(error: S3Failure): never {
  throw error;
}

function notAws(hostname: string): VfsError {
  const message = `s3: the SDK's settings lead to ${hostname}, which is not AWS; name it in endpoint or AWS_ENDPOINT_URL, or set conditionalDelete`;
  return new VfsError('ERR_VFS_UNSUPPORTED', message);
}
