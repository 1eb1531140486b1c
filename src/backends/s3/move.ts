import type { Readable } from 'node:stream';

import type { Version } from '../../vfs/vfs.js';
import { bytesOf } from './body.js';
import { versionOf, type S3Objects } from './objects.js';
import type { PutDetails, S3Swaps } from './conditional.js';
import { PART_BYTES } from './upload.js';
import { S3Failure } from './client.js';

const COPIED_PART_BYTES = 512 * 1024 * 1024;

interface Source {
  readonly key: string;
  readonly version: Version;
  readonly size: number;
  readonly details: PutDetails;
}

/** Copies an object to a key where nothing is, and tells the versions of both. Undefined: something is there. */
export async function copyObject(
  objects: S3Objects,
  swaps: S3Swaps,
  from: string,
  to: string,
  signal: AbortSignal | undefined,
): Promise<{ readonly source: Version; readonly target: Version | undefined } | undefined> {
  const { output } = await objects.wire.send((sdk) => new sdk.GetObjectCommand({ ...objects.common, Key: from }), {
    signal,
  });
  const { ContentLength: size = 0, ContentType, Metadata } = output;
  const version = versionOf(output.ETag);
  const details = { ...(ContentType ? { ContentType } : {}), ...(Metadata ? { Metadata } : {}) };
  if (size <= PART_BYTES) {
    const data = await bytesOf(output.Body, size, signal);
    const written = await swaps.put(to, undefined, data, signal, details);
    return written && { source: version, target: written.version };
  }
  (output.Body as Readable).destroy();
  const copied = await copyInParts(objects, { key: from, version, size, details }, to, signal);
  return copied && { source: version, target: copied.ETag as Version | undefined };
}

/** Within the store. Not every one heeds the condition of the last request, so the key is looked at before. */
async function copyInParts(
  objects: S3Objects,
  source: Source,
  Key: string,
  signal: AbortSignal | undefined,
): Promise<{ readonly ETag?: string | undefined } | undefined> {
  const { wire, common } = objects;
  const name = { ...common, Key };
  if (await objects.stat(Key, signal)) return undefined;
  const begun = { ...name, ...source.details };
  const { UploadId } = (await wire.send((sdk) => new sdk.CreateMultipartUploadCommand(begun), { signal })).output;
  try {
    const Parts: { readonly PartNumber: number; readonly ETag: string | undefined }[] = [];
    const CopySource = `${common.Bucket}/${source.key.split('/').map(encodeURIComponent).join('/')}`;
    for (let at = 0; at < source.size; at += COPIED_PART_BYTES) {
      const PartNumber = Parts.length + 1;
      const CopySourceRange = `bytes=${String(at)}-${String(Math.min(at + COPIED_PART_BYTES, source.size) - 1)}`;
      const part = { ...name, UploadId, PartNumber, CopySource, CopySourceRange, CopySourceIfMatch: source.version };
      const { output } = await wire.send((sdk) => new sdk.UploadPartCopyCommand(part), { signal });
      Parts.push({ PartNumber, ETag: output.CopyPartResult?.ETag });
    }
    const whole = { ...name, UploadId, MultipartUpload: { Parts }, IfNoneMatch: '*' };
    const { output } = await wire.send((sdk) => new sdk.CompleteMultipartUploadCommand(whole), { signal });
    // Some stores do not tell the ETag here.
    return output;
  } catch (error) {
    await wire.send((sdk) => new sdk.AbortMultipartUploadCommand({ ...name, UploadId })).catch(() => undefined);
    if (error instanceof S3Failure && error.status === 412) return undefined;
    throw error;
  }
}
