import { realSleep } from '../../util/sleep.js';
import { VfsError } from '../../vfs/errors.js';
import type { Version, Written } from '../../vfs/vfs.js';
import { SharedProbe } from '../shared/bucket/probe.js';
import { mayHaveLanded, S3Failure, s3Error, type Attempt } from './errors.js';
import { versionOf, type S3Objects } from './objects.js';
import { isAws, type ResolvedS3Options } from './options.js';
import { inForm, probeConditions, type ProbeResult } from './probe.js';

type Signal = AbortSignal | undefined;

/** How often a request is sent again after a 409, which means that a rival is writing at the moment. */
const CONFLICTS = 6;
const CONFLICT_PAUSE_MS = 40;

/** What belongs to an object besides its bytes. */
export interface ObjectDetails {
  readonly ContentType?: string;
  readonly Metadata?: Record<string, string>;
}

/**
 * The requests with a condition. A refusal is a lost race where it answers the first attempt. Where an earlier attempt may have
 * taken effect, the call rejects with `effect: 'unknown'`, and the caller, who knows what was written, reads the object.
 */
export class S3ConditionalWrites {
  readonly #objects: S3Objects;
  readonly #options: ResolvedS3Options;
  readonly #probe: SharedProbe<ProbeResult>;
  #isAws = true;

  constructor(objects: S3Objects, options: ResolvedS3Options) {
    this.#objects = objects;
    this.#options = options;
    const bucket = { ...options, scheme: 's3', permissions: LOCK_PERMISSIONS, fail: s3Error } as const;
    this.#probe = new SharedProbe(bucket, (key) => probeConditions(objects, key, options.conditionalDelete));
  }

  /** Creates the object, or overwrites `version` of it. Undefined: lost, nothing was changed. */
  put(
    Key: string,
    version: Version | undefined,
    data: Uint8Array,
    signal: Signal,
    details: ObjectDetails = {},
  ): Promise<Written | undefined> {
    const { client, common } = this.#objects;
    const condition = version === undefined ? { IfNoneMatch: '*' } : { IfMatch: version };
    const input = { ...common, ...details, Key, Body: Buffer.from(data), ...condition };
    const send = async (): Promise<Written> => {
      const before = this.#beforeSending(Key, signal);
      const { output } = await client.send((sdk) => new sdk.PutObjectCommand(input), { signal, before });
      await this.#checkVersioning(Key, output.VersionId);
      return { version: versionOf(output.ETag) };
    };
    return this.#contend(Key, version, data, signal, send);
  }

  /** Removes `version` of the object. False: lost, nothing was changed. */
  async remove(Key: string, version: Version, signal: Signal): Promise<boolean> {
    const { client, common } = this.#objects;
    const input = { ...common, Key, IfMatch: version };
    const send = async (): Promise<true> => {
      const before = this.#beforeSending(Key, signal);
      await client.send((sdk) => new sdk.DeleteObjectCommand(input), { signal, before });
      return true;
    };
    return (await this.#contend(Key, version, undefined, signal, send)) ?? false;
  }

  /** Sends a request until it is not in conflict with a rival's. `data`: what it leaves behind. Undefined: lost. */
  async #contend<T>(
    key: string,
    version: Version | undefined,
    data: Uint8Array | undefined,
    signal: Signal,
    send: () => Promise<T>,
  ): Promise<T | undefined> {
    for (let conflicts = 0; ; conflicts += 1) {
      try {
        return await send();
      } catch (error) {
        if (!(error instanceof S3Failure)) throw error;
        const outcome = await this.#judge(error, key, version, data, signal);
        if (outcome === 'lost') return undefined;
        // A store that always answers 409 has no rival, so this is no lost race.
        if (conflicts === CONFLICTS) throw error;
      }
    }
  }

  /** What a failure means for the request. Where an attempt was answered 409 or 500 the object shows it. Throws the failure where that is unknown. */
  async #judge(
    failure: S3Failure,
    key: string,
    version: Version | undefined,
    data: Uint8Array | undefined,
    signal: Signal,
  ): Promise<'lost' | 'again'> {
    const { attempts, status } = failure;
    const refused = status === 412 || failure.absent;
    if (refused && !failure.repeated) return 'lost';
    // After any other answer, or none, a write may still be on its way, and reading would prove nothing.
    const isFinal = refused || isReadable(status);
    if (!isFinal || attempts.some((each) => !isReadable(each) && mayHaveLanded(each))) throw failure;
    if (status === 409) await realSleep(CONFLICT_PAUSE_MS * (0.5 + Math.random()), signal).catch(() => raise(failure));
    const found = await this.#objects.get(key, (data?.byteLength ?? 0) + 1, signal).catch(() => raise(failure));
    const unchanged = found?.version === version;
    if (unchanged && status === 409) return 'again';
    if (unchanged || isResult(found?.data, data)) throw failure;
    return 'lost';
  }

  /**
   * Some releases of Ceph ignore conditions in a bucket that keeps versions, and only there. Where versioning was turned on or
   * off since the probe, the store is probed again, and the write that showed it is deleted if the probe fails.
   */
  async #checkVersioning(Key: string, VersionId: string | undefined): Promise<void> {
    if (this.#isAws) return;
    try {
      const { versioned } = await this.#probe.result(Key);
      if (versioned !== (VersionId !== undefined)) await this.#probe.repeat(Key);
    } catch (error) {
      const { client, common } = this.#objects;
      const ours = { ...common, Key, VersionId };
      if (VersionId) await client.send((sdk) => new sdk.DeleteObjectCommand(ours)).catch(() => undefined);
      throw error;
    }
  }

  /** Probes a store that is not AWS before the first request, and writes the ETag of the condition in the form it wants. */
  #beforeSending(key: string, signal: Signal) {
    return async (hostname: string, headers: Record<string, string>): Promise<void> => {
      if (isAws(hostname)) return;
      if (this.#options.assumedAws) throw notAws(hostname);
      this.#isAws = false;
      const { form } = await this.#probe.result(key, signal);
      const etag = headers['if-match'];
      if (etag !== undefined) headers['if-match'] = inForm(etag, form);
    };
  }
}

/** What locks need. AWS requires the permission to read for a condition on an ETag. */
const LOCK_PERMISSIONS = ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'];

/** Whether a read of the object shows the outcome of an attempt with this answer. */
function isReadable(attempt: Attempt | undefined): boolean {
  return attempt === 409 || attempt === 500;
}

/** Whether an object is as a request would have left it; undefined stands for no object. */
function isResult(found: Uint8Array | undefined, wanted: Uint8Array | undefined): boolean {
  return found && wanted ? Buffer.from(found).equals(wanted) : found === wanted;
}

function raise(failure: S3Failure): never {
  throw failure;
}

function notAws(hostname: string): VfsError {
  const message = `s3: the SDK's settings lead to ${hostname}, which is not AWS; name it in endpoint or AWS_ENDPOINT_URL, or set conditionalDelete`;
  return new VfsError('ERR_VFS_UNSUPPORTED', message);
}
