import type { Readable } from 'node:stream';

import type { Stat, Version } from '../../vfs/vfs.js';
import { isSeen } from '../shared/moves.js';
import type { CopyOutcome } from '../shared/bucket/bucket-client.js';
import { PART_BYTES } from '../shared/bucket/part-writer.js';
import type { ObjectDetails, S3ConditionalWrites } from './conditional.js';
import { S3Failure } from './errors.js';
import { bytesOf, versionOf, type S3Objects } from './objects.js';

const COPIED_PART_BYTES = 512 * 1024 * 1024;

interface Source {
  readonly key: string;
  readonly version: Version;
  readonly size: number;
  readonly details: ObjectDetails;
}

/** Copies an object to a key that has none: a small one through this process, a large one within the store. */
export async function copyObject(
  objects: S3Objects,
  conditional: S3ConditionalWrites,
  from: string,
  to: string,
  seen: Stat | undefined,
  signal: AbortSignal | undefined,
): Promise<CopyOutcome> {
  const input = { ...objects.common, Key: from };
  const { output } = await objects.client.send((sdk) => new sdk.GetObjectCommand(input), { signal });
  const { ContentLength: size = 0, ContentType, Metadata, LastModified } = output;
  const version = versionOf(output.ETag);
  if (seen && !isSeen(seen, { size, modifiedMs: LastModified?.getTime() ?? 0, version })) {
    (output.Body as Readable).destroy();
    return 'changed';
  }
  const details = { ...(ContentType ? { ContentType } : {}), ...(Metadata ? { Metadata } : {}) };
  if (size <= PART_BYTES) {
    const data = await bytesOf(output.Body, size, signal);
    const written = await conditional.put(to, undefined, data, signal, details);
    return written ? { source: version, target: written.version } : 'exists';
  }
  (output.Body as Readable).destroy();
  return copyInParts(objects, { key: from, version, size, details }, to, signal);
}

/** Not every store checks the condition of the last request, so the key is also checked before the first. */
async function copyInParts(
  objects: S3Objects,
  source: Source,
  Key: string,
  signal: AbortSignal | undefined,
): Promise<CopyOutcome> {
  const { client, common } = objects;
  const name = { ...common, Key };
  if (await objects.stat(Key, signal)) return 'exists';
  const create = { ...name, ...source.details };
  const { UploadId } = (await client.send((sdk) => new sdk.CreateMultipartUploadCommand(create), { signal })).output;
  let refused: CopyOutcome = 'changed';
  try {
    const Parts: { readonly PartNumber: number; readonly ETag: string | undefined }[] = [];
    const CopySource = `${common.Bucket}/${source.key.split('/').map(encodeURIComponent).join('/')}`;
    for (let at = 0; at < source.size; at += COPIED_PART_BYTES) {
      const PartNumber = Parts.length + 1;
      const CopySourceRange = `bytes=${String(at)}-${String(Math.min(at + COPIED_PART_BYTES, source.size) - 1)}`;
      const part = { ...name, UploadId, PartNumber, CopySource, CopySourceRange, CopySourceIfMatch: source.version };
      const { output } = await client.send((sdk) => new sdk.UploadPartCopyCommand(part), { signal });
      Parts.push({ PartNumber, ETag: output.CopyPartResult?.ETag });
    }
    refused = 'exists';
    const whole = { ...name, UploadId, MultipartUpload: { Parts }, IfNoneMatch: '*' };
    const { output } = await client.send((sdk) => new sdk.CompleteMultipartUploadCommand(whole), { signal });
    // Some stores do not return the ETag here.
    return { source: source.version, target: output.ETag as Version | undefined };
  } catch (error) {
    await client.send((sdk) => new sdk.AbortMultipartUploadCommand({ ...name, UploadId })).catch(() => undefined);
    if (error instanceof S3Failure && error.status === 412) return refused;
    throw error;
  }
}
