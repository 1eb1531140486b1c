// @ts-check
// The structures of the FUSE protocol 7.31 (include/uapi/linux/fuse.h), as far as plain files need them.
import { Buffer } from 'node:buffer';

import { TYPES } from './tree.mjs';

/** @typedef {import('./tree.mjs').Node} Node */

export const OP = {
  LOOKUP: 1,
  FORGET: 2,
  GETATTR: 3,
  SETATTR: 4,
  READLINK: 5,
  SYMLINK: 6,
  MKNOD: 8,
  MKDIR: 9,
  UNLINK: 10,
  RMDIR: 11,
  RENAME: 12,
  LINK: 13,
  OPEN: 14,
  READ: 15,
  WRITE: 16,
  STATFS: 17,
  RELEASE: 18,
  FSYNC: 20,
  FLUSH: 25,
  INIT: 26,
  OPENDIR: 27,
  READDIR: 28,
  RELEASEDIR: 29,
  FSYNCDIR: 30,
  ACCESS: 34,
  CREATE: 35,
  INTERRUPT: 36,
  BATCH_FORGET: 42,
  RENAME2: 45,
};

export const MAX_WRITE = 128 * 1024;
/** Reads and writes reach the daemon at once, so that all mounts see the same bytes. */
const DIRECT_IO = 1;

/** @param {Buffer} bytes a request of the kernel */
export function request(bytes) {
  const body = bytes.subarray(40);
  const u32 = (/** @type {number} */ at) => body.readUInt32LE(at);
  const u64 = (/** @type {number} */ at) => Number(body.readBigUInt64LE(at));
  /** The strings that stand behind the fixed part, each with a NUL at its end. */
  const names = (/** @type {number} */ at) => body.subarray(at).toString('utf8').split('\0');
  const header = {
    opcode: bytes.readUInt32LE(4),
    unique: bytes.readBigUInt64LE(8),
    id: Number(bytes.readBigUInt64LE(16)),
  };
  return { ...header, uid: bytes.readUInt32LE(24), gid: bytes.readUInt32LE(28), body, u32, u64, names };
}

/** @typedef {ReturnType<typeof request>} Request */

/** @param {bigint} unique @param {number} errno @param {Buffer} [body] */
export function reply(unique, errno, body = Buffer.alloc(0)) {
  const header = Buffer.alloc(16);
  header.writeUInt32LE(16 + body.length, 0);
  header.writeInt32LE(-errno, 4);
  header.writeBigUInt64LE(unique, 8);
  return Buffer.concat([header, body]);
}

/** @param {readonly (number | readonly [number])[]} fields numbers of 64 bits; in brackets, of 32 */
function pack(fields) {
  return Buffer.concat(
    fields.map((field) => {
      const bytes = Buffer.alloc(typeof field === 'number' ? 8 : 4);
      if (typeof field === 'number') bytes.writeBigUInt64LE(BigInt(field));
      else bytes.writeUInt32LE(field[0]);
      return bytes;
    }),
  );
}

/** @param {Node} node */
function attributes(node) {
  const seconds = Math.floor(node.mtimeMs / 1000);
  const nanos = Math.floor((node.mtimeMs % 1000) * 1e6);
  const size = node.data.length;
  const times = [seconds, seconds, seconds, [nanos], [nanos], [nanos]];
  const owner = [[node.mode], [node.links], [node.uid], [node.gid], [0], [4096], [0]];
  return pack(/** @type {(number | [number])[]} */ ([node.id, size, Math.ceil(size / 512), ...times, ...owner]));
}

/** Nothing is valid for any time, so that the kernel asks again whenever another mount may have changed it. @param {Node} node */
export function entry(node) {
  return Buffer.concat([pack([node.id, 0, 0, 0, [0], [0]]), attributes(node)]);
}

/** @param {Node} node */
export function attributesOut(node) {
  return Buffer.concat([pack([0, [0], [0]]), attributes(node)]);
}

/** @param {number} [flags] */
export function opened(flags = DIRECT_IO) {
  return pack([0, [flags], [0]]);
}

/** @param {number} bytes */
export function written(bytes) {
  return pack([[bytes], [0]]);
}

export function initialized() {
  const background = Buffer.from([16, 0, 12, 0]);
  const head = pack([[7], [31], [0], [0]]);
  return Buffer.concat([head, background, pack([[MAX_WRITE], [1]]), Buffer.alloc(36)]);
}

/** @param {number} nameMax */
export function statistics(nameMax) {
  const room = 1 << 20;
  return Buffer.concat([pack([room, room, room, room, room, [4096], [nameMax], [4096], [0]]), Buffer.alloc(24)]);
}

/** The names of a folder from an offset on, as far as they fit. @param {Node} folder @param {number} from @param {number} size */
export function listing(folder, from, size) {
  const parts = [];
  let length = 0;
  for (const [at, [name, node]] of [...folder.names].entries()) {
    if (at < from) continue;
    const bytes = Buffer.from(name);
    const head = pack([node.id, at + 1, [bytes.length], [(node.mode & TYPES.any) >> 12]]);
    const part = Buffer.concat([head, bytes, Buffer.alloc((8 - (bytes.length % 8)) % 8)]);
    length += part.length;
    if (length > size) break;
    parts.push(part);
  }
  return Buffer.concat(parts);
}
