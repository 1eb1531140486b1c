import { LOCK_SUFFIX } from '../../vfs/names.js';
import type { Stat, Version } from '../../vfs/vfs.js';
import type { ObjectImage } from '../shared/bucket/bucket-client.js';
import type { GcsObjects, ObjectAbout } from './objects.js';

type Signal = AbortSignal | undefined;

/** The properties by which gcslock goes. It counts `expires_sec` from the last change of the object. */
interface GcslockMetadata extends Readonly<Record<string, string>> {
  readonly lock_owner: string;
  readonly expires_sec: string;
}

/** For gcslock a lock without end has this many seconds, about ten years. */
const LONGEST_SECONDS = 315_360_000;

/** How often an object may change while it is read. */
const MOST_TRIES = 5;

export function isLockKey(key: string): boolean {
  return key.endsWith(LOCK_SUFFIX);
}

/** What gcslock has to find beside a record of this library. Undefined: the data is no record. */
export function metadataOf(data: Uint8Array): GcslockMetadata | undefined {
  const { ttl, lease, grace, ownerId, hostname, lockId, released } = parsed(data) ?? {};
  if (typeof ttl !== 'number') return undefined;
  const leaseMs = typeof lease === 'number' ? lease : ttl / 1e6;
  const seconds = released === true ? 0 : Math.ceil((leaseMs + (typeof grace === 'number' ? grace : 0)) / 1000);
  // The id makes it unlike every owner of gcslock, which would take an equal name for its own lock.
  const owner = textOf(ownerId) || textOf(hostname) || 'vfs-lockfile';
  return {
    lock_owner: `${owner} ${textOf(lockId)}`,
    expires_sec: String(Math.min(seconds, LONGEST_SECONDS)),
  };
}

/**
 * Reads a lock that gcslock may have taken over by changing only its metadata. The version has the metageneration in it, so that
 * such a change is one. Undefined: there is no object.
 */
export async function readLock(
  objects: GcsObjects,
  key: string,
  maxBytes: number,
  signal: Signal,
): Promise<ObjectImage | undefined> {
  let image: ObjectImage | undefined;
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const about = await objects.about(key, signal);
    if (about === undefined) return undefined;
    image = await objects.get(key, maxBytes, signal);
    if (image === undefined) return undefined;
    if (image.version !== about.generation) continue;
    return { ...(isOfGcslock(about, image.data) ? imageOf(about) : image), version: lockVersion(about) };
  }
  // It changes all the time. No version is equal to this one, so that a write by it loses.
  return image;
}

export async function statLock(objects: GcsObjects, key: string, signal: Signal): Promise<Stat | undefined> {
  const about = await objects.about(key, signal);
  return about && { size: about.size, modifiedMs: about.modifiedMs, version: lockVersion(about) };
}

function lockVersion({ generation, metageneration }: ObjectAbout): Version {
  return (metageneration === FRESH ? generation : `${generation}.${metageneration}`) as Version;
}

/** The metageneration of an object that has not changed since it was written. */
const FRESH = '1';

/** The conditions that a version of a lock stands for. */
export function conditionsOf(version: Version): {
  readonly ifGenerationMatch: string;
  readonly ifMetagenerationMatch: string;
} {
  const [ifGenerationMatch = '', ifMetagenerationMatch = FRESH] = version.split('.');
  return { ifGenerationMatch, ifMetagenerationMatch };
}

/** Whether gcslock wrote the object, or has taken it over since this library wrote it. */
function isOfGcslock({ metadata }: ObjectAbout, data: Uint8Array): boolean {
  if (metadata.lock_owner === undefined) return false;
  const own = metadataOf(data);
  return own?.lock_owner !== metadata.lock_owner || own.expires_sec !== metadata.expires_sec;
}

/** The record that this library would have written for a lock of gcslock. */
function imageOf(about: ObjectAbout): ObjectImage {
  const seconds = Number(about.metadata.expires_sec);
  const record = {
    createdAt: new Date(about.modifiedMs).toISOString(),
    ttl: Number.isFinite(seconds) && seconds > 0 ? Math.round(Math.min(seconds, LONGEST_SECONDS) * 1e9) : 0,
    hostname: '',
    pid: 0,
    ownerId: about.metadata.lock_owner,
    lockId: `gcslock-${lockVersion(about)}`,
    via: 'gcslock',
  };
  const { modifiedMs, nowMs } = about;
  return { data: Buffer.from(JSON.stringify(record)), version: lockVersion(about), modifiedMs, nowMs };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function parsed(data: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(data));
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}
