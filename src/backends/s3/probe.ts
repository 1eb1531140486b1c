import { VfsError } from '../../vfs/errors.js';
import { freshId } from '../../util/fresh-id.js';
import { scratchKey } from '../shared/bucket/keys.js';
import { isOpen } from './errors.js';
import { versionOf, type S3Objects } from './objects.js';
import { S3Failure } from './client.js';

/** How a store wants the ETag of a condition: as it tells it, in quotes, or bare as some releases of Ceph do. */
export type ETagForm = 'quoted' | 'bare';

/** What was found out about a store, and about the bucket as it was then. */
export interface ProbeResult {
  readonly form: ETagForm;
  /** Whether the bucket kept versions, where a store may treat conditions otherwise. */
  readonly versioned: boolean;
}

export function inForm(etag: string, form: ETagForm): string {
  return form === 'bare' ? etag.replaceAll('"', '') : etag;
}

/** More tries than a sound store needs to answer five requests at the first attempt. */
const TRIES = 4;

/**
 * Tries on a scratch object beside `key` that a second create and a stale overwrite are refused, and a stale DELETE where that
 * is to be relied on, and throws `ERR_VFS_UNSUPPORTED` otherwise. This finds stores that ignore conditions. It cannot find one that judges first and writes
 * later, so that two writers at the same instant both win.
 */
export async function probeConditions(objects: S3Objects, key: string, alsoRemove: boolean): Promise<ProbeResult> {
  for (let tries = 1; ; tries += 1) {
    const scratch = scratchKey(key);
    try {
      return await tryOn(objects, scratch, alsoRemove);
    } catch (error) {
      if (tries === TRIES || !(error instanceof S3Failure) || !isRefusal(error)) throw error;
    } finally {
      await objects.delete(scratch, undefined).catch(() => undefined);
    }
  }
}

async function tryOn(objects: S3Objects, scratch: string, alsoRemove: boolean): Promise<ProbeResult> {
  const first = await put(objects, scratch, { IfNoneMatch: '*' });
  if (first === undefined) throw unfit('a create of a new object');
  if (await put(objects, scratch, { IfNoneMatch: '*' })) throw unfit('a second create of one object', 'done');
  for (const form of ['quoted', 'bare'] as const) {
    const condition = { IfMatch: inForm(first.etag, form) };
    if ((await put(objects, scratch, condition)) === undefined) continue;
    if (await put(objects, scratch, condition)) throw unfit('a stale overwrite', 'done');
    if (alsoRemove && (await remove(objects, scratch, condition))) throw unfit('a stale delete', 'done');
    return { form, versioned: first.versioned };
  }
  throw unfit('an overwrite of the present version');
}

interface Condition {
  readonly IfMatch?: string;
  readonly IfNoneMatch?: '*';
}

/** Undefined: refused. */
async function put(
  { wire, common }: S3Objects,
  Key: string,
  condition: Condition,
): Promise<{ readonly etag: string; readonly versioned: boolean } | undefined> {
  const input = { ...common, Key, Body: freshId(), ...condition };
  const reply = await unlessRefused(wire.send((sdk) => new sdk.PutObjectCommand(input)));
  return reply && { etag: versionOf(reply.output.ETag), versioned: reply.output.VersionId !== undefined };
}

/** Whether the store did it. */
async function remove({ wire, common }: S3Objects, Key: string, { IfMatch }: Condition): Promise<boolean> {
  const input = { ...common, Key, IfMatch };
  return (await unlessRefused(wire.send((sdk) => new sdk.DeleteObjectCommand(input)))) !== undefined;
}

/** Undefined: refused. Throws where an earlier attempt of the SDK's may be why. */
async function unlessRefused<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof S3Failure) || !isRefusal(error) || error.attempts.some(isOpen)) throw error;
    return undefined;
  }
}

function isRefusal({ status, code }: S3Failure): boolean {
  return status === 412 || status === 409 || (status === 404 && code !== 'NoSuchBucket');
}

function unfit(what: string, done?: 'done'): VfsError {
  const found = done ? `does ${what} in spite of the condition` : `refuses ${what}`;
  return new VfsError('ERR_VFS_UNSUPPORTED', `s3: the store ${found}, so it cannot keep locks apart`);
}
