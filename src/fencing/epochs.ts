import { tokenOf } from '../lock/model/token.js';
import { VfsError } from '../vfs/errors.js';
import type { VfsFile } from '../vfs/file.js';
import { folderOf } from '../vfs/path.js';
import type { Snapshot } from '../vfs/vfs.js';

/** The folder of one acquisition's files, beside the pointer that may be published to it. */
const EPOCH = /^e([1-9]\d{0,18})$/;

/** Where an acquisition writes the file that readers know as `file`: in a folder of its own. */
export function epochFile(file: VfsFile, token: bigint): VfsFile {
  return file.resolve(`e${String(token)}/${file.name}`);
}

/** The token in the name of an epoch's folder. Undefined: it is no such folder. */
export function epochToken(name: string): bigint | undefined {
  return tokenOf({ fencingToken: EPOCH.exec(name)?.[1] ?? '' });
}

/** The files that one acquisition has published. */
export class Epoch {
  /** The fencing token of the acquisition. */
  readonly token: bigint;
  readonly #pointer: VfsFile;

  /** @internal Use `published`. */
  constructor(pointer: VfsFile, token: bigint) {
    this.#pointer = pointer;
    this.token = token;
  }

  /**
   * The file that the acquisition wrote as `lock.epochPath`. `path` is relative to the folder of the pointer; the file need not exist.
   *
   * @throws {VfsError} `ERR_VFS_PATH`: the store could never hold a file with this path.
   */
  file(path: string): VfsFile {
    return epochFile(this.#pointer.resolve(path), this.token);
  }
}

/** What a pointer says. */
export interface PointerContent {
  readonly token: bigint;
  /** The token that was published before. Undefined: there was none. */
  readonly previous: bigint | undefined;
  /** Identifies the write. */
  readonly nonce: string;
}

/** The bytes of a pointer. Readers in other languages need `epoch` only. */
export function encodePointer({ token, previous, nonce }: PointerContent): Uint8Array {
  const before = previous === undefined ? {} : { previous: String(previous) };
  const content = { epoch: `e${String(token)}`, fencingToken: String(token), ...before, nonce };
  return Buffer.from(`${JSON.stringify(content)}\n`);
}

/** Throws where the file is no pointer, so that nothing of somebody else's is overwritten or deleted. */
export function decodePointer(pointer: VfsFile, { data }: Snapshot): PointerContent {
  try {
    const { fencingToken, previous, nonce } = JSON.parse(Buffer.from(data).toString()) as Record<string, unknown>;
    const token = tokenOf({ fencingToken: String(fencingToken) });
    if (token !== undefined) {
      return { token, previous: tokenOf({ fencingToken: String(previous) }), nonce: String(nonce) };
    }
  } catch {
    // It is no JSON object.
  }
  const message = `${pointer.toString()} is no pointer to an epoch; publish to another file, or remove it by hand`;
  throw new VfsError('ERR_VFS_IO', message);
}

/** The most bytes of a pointer that are read. */
export const MOST_POINTER_BYTES = 4096;

/** The folder that a pointer stands in, and in which its epochs are. */
export function epochsOf(pointer: VfsFile): string {
  return folderOf(pointer.path);
}
