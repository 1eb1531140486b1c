import { TextDecoder } from 'node:util';
import { decodeRecord, MAX_RECORD_BYTES, printable, type LockRecord } from './record.js';

/** What stands in a lock's place and is not of this library, so that nobody takes it over or removes it. */
export interface ForeignLock {
  /** `'folder'`: a lock as `proper-lockfile` and others make it. `'file'`: for example a `yarn.lock`. */
  readonly kind: 'file' | 'folder';
  /** The size of the file in bytes. Undefined: it is a folder, or has more than 64 KiB. */
  readonly size: number | undefined;
  /** The first characters of the file, with control characters escaped. Empty: it is a folder. */
  readonly beginning: string;
}

/** What a lock file contains. Neither a record nor foreign: it is empty or torn, and belongs to somebody unknown. */
export interface LockContent {
  readonly record: LockRecord | undefined;
  readonly foreign: ForeignLock | undefined;
}

/** How many bytes of a foreign file are shown. */
const SHOWN_BYTES = 32;

/** Only a record, nothing, and what is left of a record are a lock's content. All else belongs to another program. */
export function contentOf(data: Uint8Array): LockContent {
  const record = decodeRecord(data);
  if (record !== undefined && isSigned(record)) return { record, foreign: undefined };
  const foreign = record === undefined && isTorn(data) ? undefined : foreignFile(data);
  return { record: undefined, foreign };
}

/**
 * Whether data is what is left of a record: nothing, its beginning, or a record or its beginning followed by zeros. Disks show zeros
 * where the power failed before the end of a file was written.
 */
function isTorn(data: Uint8Array): boolean {
  let end = data.length;
  while (end > 0 && data[end - 1] === 0) end -= 1;
  if (end === 0 || end === data.length) return isRecordBeginning(data);
  const written = data.subarray(0, end);
  const record = decodeRecord(written);
  return record === undefined ? isRecordBeginning(written) : isSigned(record);
}

/** The content of a folder in a lock's place. */
export const FOREIGN_FOLDER: LockContent = {
  record: undefined,
  foreign: { kind: 'folder', size: undefined, beginning: '' },
};

/** The content of an empty file that another program has locked by the kernel. */
export const LOCKED_FILE: LockContent = {
  record: undefined,
  foreign: { kind: 'file', size: 0, beginning: '' },
};

/** Other programs may have JSON with a `ttl` as well; a record also says when, where or by which acquisition it was written. */
function isSigned({ createdAt, hostname, lockId }: LockRecord): boolean {
  return createdAt !== undefined || hostname !== '' || lockId !== '';
}

function foreignFile(data: Uint8Array): ForeignLock {
  const text = new TextDecoder().decode(data.subarray(0, SHOWN_BYTES), { stream: true });
  const size = data.length > MAX_RECORD_BYTES ? undefined : data.length;
  return { kind: 'file', size, beginning: printable(JSON.stringify(text).slice(1, -1)) };
}

/** Whether data is what is left of a record whose writer was interrupted: nothing at all, or less than the whole JSON object. */
function isRecordBeginning(data: Uint8Array): boolean {
  if (data.length > MAX_RECORD_BYTES) return false;
  let text: string;
  try {
    // The last character may be incomplete as well.
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data, { stream: true });
  } catch {
    return false;
  }
  return BEGINNINGS.some((beginning) => beginning.test(text)) && (text === '' || isOpen(text));
}

/** The first two members of every record, in both spellings: each is matched as far as the text goes. */
const BEGINNINGS = ['"createdAt"', '"created_at"'].map((createdAt) =>
  beginningOf([
    ...['\\{', '\\s*', ...Array.from(createdAt), '\\s*', ':', '\\s*', '"', '[^"\\\\]*', '"', '\\s*', ','],
    ...['\\s*', ...Array.from('"ttl"'), '\\s*', ':', '\\s*', '\\d+', '[\\s,}][^]*'],
  ]),
);

function beginningOf(parts: readonly string[]): RegExp {
  const pattern = parts.reduceRight((rest, part) => `(?:$|${part}${rest})`, '$');
  return new RegExp(`^${pattern}`);
}

/** Whether a brace of a JSON text is still open at its end. */
function isOpen(text: string): boolean {
  let depth = 0;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\[^])*(?:"|\\?$)|[{}[\]]/g)) {
    if (token === '{' || token === '[') depth += 1;
    if (token === '}' || token === ']') depth -= 1;
    if (depth === 0) return false;
  }
  return depth > 0;
}

/** What another program has put in the lock's place, safe to print. */
export function describeForeign({ kind, size, beginning }: ForeignLock): string {
  if (kind === 'folder') return 'another program: a folder, as proper-lockfile makes it';
  return `another program: ${beginningText(size, beginning)}`;
}

/** What a file of another program is. Only an empty one that is locked is foreign. */
export function beginningText(size: number | undefined, beginning: string): string {
  return size === 0 ? 'empty, locked by the kernel as flock does' : `${sizeText(size)}, begins "${beginning}"`;
}

function sizeText(size: number | undefined): string {
  if (size === undefined) return 'more than 64 KiB';
  return size === 1 ? '1 byte' : `${String(size)} bytes`;
}
