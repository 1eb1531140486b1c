import { freshId } from '../../util/fresh-id.js';
import type { Version } from '../../vfs/vfs.js';
import { scratchKey, unfitStore } from '../shared/bucket/probe.js';
import { GcsFailure } from './errors.js';
import { copyWithin } from './move.js';
import { NO_OBJECT, type GcsObjects } from './objects.js';

/**
 * Checks on a scratch object beside `key` that the store refuses a second create and a stale overwrite, and, where
 * `alsoRemove`, a stale DELETE and a copy onto an object. Throws `ERR_VFS_UNSUPPORTED` otherwise. This finds stores that ignore
 * conditions. It cannot find a store that checks first and acts later, so that two rivals at the same instant both win.
 */
export async function probeConditions(objects: GcsObjects, key: string, alsoRemove: boolean): Promise<void> {
  const scratch = scratchKey(key);
  try {
    await tryWrites(objects, scratch, alsoRemove);
  } finally {
    // Sent once: where the store cannot be reached, retries would only delay the error.
    await objects.client.send({ method: 'DELETE', at: objects.pathOf(scratch), once: true }).catch(() => undefined);
  }
}

async function tryWrites(objects: GcsObjects, scratch: string, alsoRemove: boolean): Promise<void> {
  const put = (ifGenerationMatch: string): Promise<Version | undefined> =>
    unlessRefused(objects.insert(scratch, Buffer.from(freshId()), undefined, { ifGenerationMatch }));
  const first = await put(NO_OBJECT).catch(aboutBucket);
  if (first === undefined) throw unfitStore('gcs', 'refuses', NEW_OBJECT);
  if (await put(NO_OBJECT)) throw unfitStore('gcs', 'does', 'a second create of one object');
  const second = await put(first);
  if (second === undefined) throw unfitStore('gcs', 'refuses', 'an overwrite of the present generation');
  if (await put(first)) throw unfitStore('gcs', 'does', 'a stale overwrite');
  if (!alsoRemove) return;
  if (await unlessRefused(objects.delete(scratch, undefined, { ifGenerationMatch: first })))
    throw unfitStore('gcs', 'does', 'a stale delete');
  const copy = copyWithin(objects, { key: scratch, version: second }, scratch, undefined);
  if (await unlessRefused(copy)) throw unfitStore('gcs', 'does', 'a copy onto an object');
  await tryRemoves(objects, scratch, second);
}

/** A create cannot find its object missing: this is no store, or there is no such bucket. */
function aboutBucket(error: unknown): never {
  if (error instanceof GcsFailure && error.absent) throw unfitStore('gcs', 'answers 404 to', NEW_OBJECT);
  throw error;
}

const NEW_OBJECT = 'a create of a new object';

/** Some stores refuse a stale DELETE, and yet do one of an object that is gone, or several in a race. */
async function tryRemoves(objects: GcsObjects, scratch: string, present: Version): Promise<void> {
  const remove = async (): Promise<boolean> =>
    (await unlessRefused(objects.delete(scratch, undefined, { ifGenerationMatch: present }))) ?? false;
  const removed = (await Promise.all(Array.from({ length: RIVALS }, remove))).filter(Boolean).length;
  if (removed === 0) throw unfitStore('gcs', 'refuses', 'a delete of the present generation');
  if (removed > 1) throw unfitStore('gcs', 'does', 'several deletes of one generation');
  if (await remove()) throw unfitStore('gcs', 'does', 'a delete of what is gone');
}

const RIVALS = 4;

async function unlessRefused<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof GcsFailure && error.status === 412) return undefined;
    throw error;
  }
}
