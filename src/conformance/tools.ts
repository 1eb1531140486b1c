import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

import { VfsError, type VfsErrorCode } from '../vfs/errors.js';
import type { Entry, ListOptions, ReadOptions, Snapshot, Version, Vfs, Written } from '../vfs/vfs.js';

export const bytes = (text: string): Uint8Array => Buffer.from(text);

/** A content that no other call returns, like a lock record with a fresh nonce. */
export const fresh = (): Uint8Array => bytes(randomUUID());

/** `size` bytes of arbitrary content, the same on each call. */
export function filler(size: number): Uint8Array {
  const data = Buffer.allocUnsafe(size);
  for (let at = 0; at < size; at += 1) data[at] = (at * 167 + (at >> 8)) & 0xff;
  return data;
}

export async function created(vfs: Vfs, path: string, data: Uint8Array): Promise<Version> {
  return versionOf(await vfs.create(path, data), `create ${path}, where no file was`);
}

export async function replaced(vfs: Vfs, path: string, version: Version, data: Uint8Array): Promise<Version> {
  return versionOf(await vfs.replace(path, version, data), `replace ${path} in its current version`);
}

/** Removes a file by its version, or unconditionally if the store cannot do that. */
export async function removed(vfs: Vfs, path: string, version: Version): Promise<void> {
  const gone = vfs.capabilities.remove === 'none' ? vfs.delete(path) : vfs.remove(path, version);
  ok(await gone, `remove ${path} in its current version: was lost`);
}

function versionOf(written: Written | undefined, what: string): Version {
  ok(written, `${what}: was lost`);
  strictEqual(typeof written.version, 'string', `${what}: returned no version`);
  return written.version;
}

/** Reads a file. Fails if there is none. */
export async function found(vfs: Vfs, path: string, options?: ReadOptions): Promise<Snapshot> {
  const snapshot = await vfs.read(path, options);
  ok(snapshot, `read ${path}: there is no file`);
  return snapshot;
}

export async function holds(vfs: Vfs, path: string, data: Uint8Array): Promise<void> {
  sameBytes((await found(vfs, path)).data, data, path);
}

export async function absent(vfs: Vfs, path: string): Promise<void> {
  strictEqual(await vfs.read(path), undefined, `read ${path}: there is a file`);
}

/** Compares contents, and does not print them if they differ. */
export function sameBytes(actual: Uint8Array, expected: Uint8Array, what: string): void {
  strictEqual(actual.byteLength, expected.byteLength, `${what}: has a different length`);
  ok(Buffer.from(actual).equals(expected), `${what}: has a different content`);
}

export async function listed(vfs: Vfs, folder: string, options?: ListOptions): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  for await (const entry of vfs.list(folder, options)) entries.push(entry);
  return entries.sort((a, b) => (a.path < b.path ? -1 : 1));
}

export async function listsExactly(vfs: Vfs, folder: string, expected: readonly string[]): Promise<void> {
  const paths = (await listed(vfs, folder, { recursive: true })).map(({ path }) => path);
  deepStrictEqual(paths, [...expected].sort());
}

/** Fails unless `call` returns a promise that rejects with a `VfsError` of one of these codes. A synchronous throw also fails. */
export async function refusal(
  what: string,
  call: () => Promise<unknown>,
  codes: readonly VfsErrorCode[],
): Promise<VfsError> {
  let promise: Promise<unknown>;
  try {
    promise = call();
  } catch (cause) {
    throw new Error(`${what}: throws instead of rejecting`, { cause });
  }
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => ({ reason }),
  );
  ok(error, `${what}: succeeds`);
  return vfsError(what, error.reason, codes);
}

export function vfsError(what: string, error: unknown, codes: readonly VfsErrorCode[]): VfsError {
  ok(error instanceof VfsError, `${what}: fails with ${String(error)}, which is not a VfsError`);
  ok(codes.includes(error.code), `${what}: fails with ${error.code}, not ${codes.join(' or ')} (${error.message})`);
  ok(['none', 'unknown'].includes(error.effect), `${what}: has the effect ${error.effect}`);
  ok(error.message.length > 0, `${what}: fails without a message`);
  return error;
}
