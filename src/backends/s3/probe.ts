import { freshId } from '../../util/fresh-id.js';
import { scratchKey, unfitStore } from '../shared/bucket/probe.js';
import { mayHaveLanded, S3Failure } from './errors.js';
import { versionOf, type S3Objects } from './objects.js';

/** How a store wants the ETag in a condition: in quotes, as it returns it, or bare, as some releases of Ceph do. */
export type ETagForm = 'quoted' | 'bare';

/** The findings about a store, and about the bucket as it was at that time. */
export interface ProbeResult {
  readonly form: ETagForm;
  /** Whether the bucket kept versions. Some stores treat conditions differently then. */
  readonly versioned: boolean;
}

export function inForm(etag: string, form: ETagForm): string {
  return form === 'bare' ? etag.replaceAll('"', '') : etag;
}

const NEW_OBJECT = 'a create of a new object';

/** More tries than a sound store needs to answer five requests at the first attempt. */
const TRIES = 4;

/**
 * Checks on a scratch object beside `key` that the store refuses a second create, a stale overwrite, and, where `alsoRemove`,
 * a stale DELETE. Throws `ERR_VFS_UNSUPPORTED` otherwise. This finds stores that ignore conditions. It cannot find a store
 * that checks first and writes later, so that two writers at the same instant both win.
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
  const first = await put(objects, scratch, { IfNoneMatch: '*' }, false);
  if (first === undefined) throw unfitStore('s3', 'refuses', NEW_OBJECT);
  if (await put(objects, scratch, { IfNoneMatch: '*' }))
    throw unfitStore('s3', 'does', 'a second create of one object');
  for (const form of ['quoted', 'bare'] as const) {
    const condition = { IfMatch: inForm(first.etag, form) };
    const second = await put(objects, scratch, condition);
    if (second === undefined) continue;
    if (await put(objects, scratch, condition)) throw unfitStore('s3', 'does', 'a stale overwrite');
    if (alsoRemove && (await remove(objects, scratch, condition))) throw unfitStore('s3', 'does', 'a stale delete');
    // Not in a bucket with versions, where a race shows only now and then that nobody is excluded (see docs/stores/s3-compatible.md).
    if (alsoRemove && !first.versioned) await tryRemoves(objects, scratch, second.etag, form);
    return { form, versioned: first.versioned };
  }
  throw unfitStore('s3', 'refuses', 'an overwrite of the present version');
}

/** Some stores refuse a stale DELETE, and yet do one of an object that is gone, or several in a race. */
async function tryRemoves(objects: S3Objects, scratch: string, present: string, form: ETagForm): Promise<void> {
  let etag: string | undefined = present;
  for (let round = 0; round < REMOVE_ROUNDS && etag !== undefined; round += 1) {
    const condition = { IfMatch: inForm(etag, form) };
    const rivals = Array.from({ length: RIVALS }, () => remove(objects, scratch, condition).catch(lostToRival));
    const removed = (await Promise.all(rivals)).filter(Boolean).length;
    if (removed === 0) throw unfitStore('s3', 'refuses', 'a delete of the present version');
    if (removed > 1) throw unfitStore('s3', 'does', 'several deletes of one version');
    if (await remove(objects, scratch, condition)) throw unfitStore('s3', 'does', 'a delete of what is gone');
    etag = (await put(objects, scratch, { IfNoneMatch: '*' }))?.etag;
  }
}

const REMOVE_ROUNDS = 2;
const RIVALS = 4;

/** A 409 means that a rival is at work. */
function lostToRival(error: unknown): false {
  if (error instanceof S3Failure && error.status === 409 && error.attempts.length === 1) return false;
  throw error;
}

interface Condition {
  readonly IfMatch?: string;
  readonly IfNoneMatch?: '*';
}

/** Undefined: refused. */
async function put(
  { client, common }: S3Objects,
  Key: string,
  condition: Condition,
  mayBeGone = true,
): Promise<{ readonly etag: string; readonly versioned: boolean } | undefined> {
  const input = { ...common, Key, Body: freshId(), ...condition };
  const reply = await unlessRefused(
    client.send((sdk) => new sdk.PutObjectCommand(input)),
    mayBeGone,
  );
  return reply && { etag: versionOf(reply.output.ETag), versioned: reply.output.VersionId !== undefined };
}

/** Whether the store removed the object. */
async function remove({ client, common }: S3Objects, Key: string, { IfMatch }: Condition): Promise<boolean> {
  const input = { ...common, Key, IfMatch };
  return (await unlessRefused(client.send((sdk) => new sdk.DeleteObjectCommand(input)))) !== undefined;
}

/** Undefined: refused. Throws where the refusal may be due to an earlier attempt of the same request. */
async function unlessRefused<T>(work: Promise<T>, mayBeGone = true): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    // A create cannot find its object missing: this is no store, or there is no such bucket.
    if (error instanceof S3Failure && error.absent && !mayBeGone) throw unfitStore('s3', 'answers 404 to', NEW_OBJECT);
    if (!(error instanceof S3Failure) || !isRefusal(error) || error.attempts.some(mayHaveLanded)) throw error;
    return undefined;
  }
}

function isRefusal({ status, absent }: S3Failure): boolean {
  return status === 412 || status === 409 || absent;
}
