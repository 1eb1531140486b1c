import type { Stat, Version } from '../../vfs/vfs.js';
import { isSeen } from '../shared/moves.js';
import type { CopyOutcome } from '../shared/bucket/bucket-client.js';
import { writeInParts } from '../shared/bucket/part-writer.js';
import { GcsFailure } from './errors.js';
import { NO_OBJECT, versionOf, type GcsObjects } from './objects.js';
import { GcsUpload } from './upload.js';

type Signal = AbortSignal | undefined;

interface Source {
  readonly key: string;
  readonly version: Version;
}

/** Copies within the store, to a key that has no object. Rejects with 412 where it has one, with 404 where the source has changed. */
export async function copyWithin(objects: GcsObjects, source: Source, to: string, signal: Signal): Promise<Version> {
  const at = `${objects.pathOf(source.key)}/rewriteTo${objects.pathOf(to).replace('/storage/v1', '')}`;
  const conditions = { sourceGeneration: source.version, ifGenerationMatch: NO_OBJECT };
  let rewriteToken: string | undefined;
  for (;;) {
    const query = { ...conditions, rewriteToken };
    const headers = { 'Content-Length': '0' };
    const { body } = await objects.client.send({ method: 'POST', at, query, headers, once: true, large: true }, signal);
    const progress = body as { readonly done?: boolean; readonly rewriteToken?: string; readonly resource?: unknown };
    if (progress.done !== false) return versionOf(progress.resource);
    rewriteToken = progress.rewriteToken;
  }
}

/** The same through this process, for stores that do not check the conditions of a copy. */
async function copyThrough(objects: GcsObjects, source: Source, to: string, signal: Signal): Promise<Version> {
  const upload = new GcsUpload(objects, to, signal, { ifGenerationMatch: NO_OBJECT });
  await writeInParts(upload, objects.chunks(source.key, signal, source.version), signal);
  return upload.version;
}

/** Copies an object to a key that has none. */
export async function copyObject(
  objects: GcsObjects,
  from: string,
  to: string,
  { within, seen }: { readonly within: boolean; readonly seen: Stat | undefined },
  signal: Signal,
): Promise<CopyOutcome> {
  const found = await objects.stat(from, signal);
  if (found === undefined) throw new GcsFailure(new Error('no such object'), { statusCode: 404 });
  if (seen && !isSeen(seen, found)) return 'changed';
  const copy = within ? copyWithin : copyThrough;
  try {
    const target = await copy(objects, { key: from, version: found.version }, to, signal);
    return { source: found.version, target };
  } catch (error) {
    if (error instanceof GcsFailure && error.status === 412) return 'exists';
    // The version that was read is gone.
    if (error instanceof GcsFailure && error.absent) return 'changed';
    throw error;
  }
}
