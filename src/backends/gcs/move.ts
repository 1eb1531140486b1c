import type { Version } from '../../vfs/vfs.js';
import { GcsFailure } from './failure.js';
import { versionOf, type GcsObjects } from './objects.js';
import { uploadStream } from './upload.js';

type Signal = AbortSignal | undefined;

interface Source {
  readonly key: string;
  readonly version: Version;
}

/** Copies an object inside the store to a key where nothing is. Rejects with a 412 when something is, with a 404 when the source is another. */
export async function copyWithin(objects: GcsObjects, source: Source, to: string, signal: Signal): Promise<Version> {
  const at = `${objects.at(source.key)}/rewriteTo${objects.at(to).replace('/storage/v1', '')}`;
  const conditions = {
    sourceGeneration: source.version,
    ifGenerationMatch: '0',
  };
  let rewriteToken: string | undefined;
  for (;;) {
    const query = { ...conditions, rewriteToken };
    const headers = { 'Content-Length': '0' };
    const { body } = await objects.wire.send({ method: 'POST', at, query, headers, once: true, large: true }, signal);
    const progress = body as { readonly done?: boolean; readonly rewriteToken?: string; readonly resource?: unknown };
    if (progress.done !== false) return versionOf(progress.resource);
    rewriteToken = progress.rewriteToken;
  }
}

/** The same through this process, for stores that do not keep the conditions of a copy. */
export async function copyThrough(objects: GcsObjects, source: Source, to: string, signal: Signal): Promise<Version> {
  return uploadStream(objects, to, objects.pieces(source.key, signal, source.version), signal, {
    ifGenerationMatch: '0',
  });
}

/** Copies an object to a key where nothing is, and tells the generations of both. Undefined: something is there. */
export async function copyObject(
  objects: GcsObjects,
  from: string,
  to: string,
  within: boolean,
  signal: Signal,
): Promise<{ readonly source: Version; readonly target: Version } | undefined> {
  const found = await objects.stat(from, signal);
  if (found === undefined) throw new GcsFailure(new Error('no such object'), { statusCode: 404 });
  const copy = within ? copyWithin : copyThrough;
  try {
    const target = await copy(objects, { key: from, version: found.version }, to, signal);
    return { source: found.version, target };
  } catch (error) {
    if (error instanceof GcsFailure && error.status === 412) return undefined;
    throw error;
  }
}
