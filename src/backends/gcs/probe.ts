import { VfsError } from '../../vfs/errors.js';
import { freshId } from '../../util/fresh-id.js';
import type { Version } from '../../vfs/vfs.js';
import { scratchKey } from '../shared/bucket/keys.js';
import { GcsFailure } from './failure.js';
import { copyWithin } from './move.js';
import type { GcsObjects } from './objects.js';

const NO_OBJECT = '0';

/**
 * Tries on a scratch object beside `key` that a second create and a stale overwrite are refused, and a stale DELETE and a copy
 * onto what exists where those are to be relied on; throws `ERR_VFS_UNSUPPORTED` otherwise. This finds stores that ignore
 * conditions. It cannot find one that judges first and acts later, so that two rivals at the same instant both win.
 */
export async function proveConditions(objects: GcsObjects, key: string, alsoRemove: boolean): Promise<void> {
  const scratch = scratchKey(key);
  try {
    await tryWrites(objects, scratch, alsoRemove);
  } finally {
    // Once: where the store cannot be reached, repetitions would only put off the news.
    await objects.wire.send({ method: 'DELETE', at: objects.at(scratch), once: true }).catch(() => undefined);
  }
}

async function tryWrites(objects: GcsObjects, scratch: string, alsoRemove: boolean): Promise<void> {
  const put = (ifGenerationMatch: string): Promise<Version | undefined> =>
    unlessRefused(objects.insert(scratch, Buffer.from(freshId()), undefined, { ifGenerationMatch }));
  const first = await put(NO_OBJECT);
  if (first === undefined) throw unfit('refuses', 'a create of a new object');
  if (await put(NO_OBJECT)) throw unfit('does', 'a second create of one object');
  const second = await put(first);
  if (second === undefined) throw unfit('refuses', 'an overwrite of the present generation');
  if (await put(first)) throw unfit('does', 'a stale overwrite');
  if (!alsoRemove) return;
  if (await unlessRefused(objects.delete(scratch, undefined, first))) throw unfit('does', 'a stale delete');
  const copy = copyWithin(objects, { key: scratch, version: second }, scratch, undefined);
  if (await unlessRefused(copy)) throw unfit('does', 'a copy onto an object');
}

async function unlessRefused<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof GcsFailure && error.status === 412) return undefined;
    throw error;
  }
}

function unfit(found: 'does' | 'refuses', what: string): VfsError {
  const how = found === 'does' ? `does ${what} in spite of the condition` : `refuses ${what}`;
  return new VfsError('ERR_VFS_UNSUPPORTED', `gcs: the store ${how}, so it cannot keep locks apart`);
}
