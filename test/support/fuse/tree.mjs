// @ts-check
import { Buffer } from 'node:buffer';

export const TYPES = { folder: 0o040000, file: 0o100000, link: 0o120000, any: 0o170000 };
const ERRNO = {
  ENOENT: 2,
  EBUSY: 16,
  EEXIST: 17,
  EXDEV: 18,
  ENOTDIR: 20,
  EISDIR: 21,
  EINVAL: 22,
  ENAMETOOLONG: 36,
  ENOTEMPTY: 39,
};
const RENAME_NOREPLACE = 1;

/**
 * @typedef {object} Node
 * @property {number} id
 * @property {number} mode type and permission bits
 * @property {number} links
 * @property {number} uid
 * @property {number} gid
 * @property {number} mtimeMs
 * @property {Buffer} data of a file, or the target of a link
 * @property {Map<string, Node>} names of a folder
 * @property {number} opens how often it is open
 * @property {{ readonly folder: Node, readonly name: string } | undefined} remnant where it stays until it is closed
 */

/** A failure by the number that the kernel expects. */
export class Refusal extends Error {
  /** @param {keyof typeof ERRNO} code */
  constructor(code) {
    super(code);
    this.errno = ERRNO[code];
  }
}

/** A tree of files in memory, which several mounts share. Every change is stamped with the time that the caller gives. */
export class Tree {
  /**
   * @param {number} nameMax the length of the longest name in bytes
   * @param {boolean} keepsOpen as NFS: a removed file that is open stays under another name in its folder
   */
  constructor(nameMax, keepsOpen = false) {
    this.nameMax = nameMax;
    this.keepsOpen = keepsOpen;
    /** @type {Map<number, Node>} */
    this.nodes = new Map();
    this.root = this.#node(TYPES.folder | 0o777, { uid: 0, gid: 0, nowMs: Date.now() });
  }

  /** @param {number} id */
  node(id) {
    const node = this.nodes.get(id);
    if (node === undefined) throw new Refusal('ENOENT');
    return node;
  }

  /** @param {Node} folder @param {string} name */
  lookUp(folder, name) {
    this.#checkName(name);
    const node = folder.names.get(name);
    if (node === undefined) throw new Refusal('ENOENT');
    return node;
  }

  /**
   * @param {Node} folder @param {string} name @param {number} mode
   * @param {{ readonly uid: number, readonly gid: number, readonly nowMs: number }} maker
   */
  make(folder, name, mode, maker) {
    this.#checkRoom(folder, name);
    const node = this.#node(mode, maker);
    this.#enter(folder, name, node, maker.nowMs);
    return node;
  }

  /** @param {Node} node @param {Node} folder @param {string} name @param {number} nowMs */
  link(node, folder, name, nowMs) {
    this.#checkRoom(folder, name);
    if (node.links === 0) throw new Refusal('ENOENT');
    this.#enter(folder, name, node, nowMs);
    return node;
  }

  /** @param {Node} folder @param {string} name @param {boolean} isFolder @param {number} nowMs */
  remove(folder, name, isFolder, nowMs) {
    const node = this.lookUp(folder, name);
    if (isFolder && !isFolderNode(node)) throw new Refusal('ENOTDIR');
    if (!isFolder && isFolderNode(node)) throw new Refusal('EISDIR');
    if (node.names.size > 0) throw new Refusal('ENOTEMPTY');
    if (node.remnant?.name === name) throw new Refusal('EBUSY');
    this.#leave(folder, name, node, nowMs);
  }

  /** @param {Node} node */
  open(node) {
    node.opens += 1;
    return node;
  }

  /** @param {Node} node @param {number} nowMs */
  close(node, nowMs) {
    node.opens -= 1;
    if (node.opens > 0 || node.remnant === undefined) return;
    const { folder, name } = node.remnant;
    node.remnant = undefined;
    this.#leave(folder, name, node, nowMs);
  }

  /** @param {Node} from @param {string} name @param {Node} to @param {string} target @param {number} flags @param {number} nowMs */
  rename(from, name, to, target, flags, nowMs) {
    const node = this.lookUp(from, name);
    this.#checkName(target);
    if (to.links === 0) throw new Refusal('ENOENT');
    if ((flags & ~RENAME_NOREPLACE) !== 0) throw new Refusal('EINVAL');
    const old = to.names.get(target);
    if (old === node) return;
    if (old !== undefined) {
      if (flags === RENAME_NOREPLACE) throw new Refusal('EEXIST');
      if (isFolderNode(old) !== isFolderNode(node)) throw new Refusal(isFolderNode(old) ? 'EISDIR' : 'ENOTDIR');
      if (old.names.size > 0) throw new Refusal('ENOTEMPTY');
      this.#leave(to, target, old, nowMs);
    }
    from.names.delete(name);
    to.names.set(target, node);
    from.mtimeMs = to.mtimeMs = nowMs;
  }

  /** @param {Node} node @param {number} at @param {Buffer} data @param {number} nowMs */
  write(node, at, data, nowMs) {
    const size = Math.max(node.data.length, at + data.length);
    this.resize(node, size, nowMs);
    data.copy(node.data, at);
  }

  /** @param {Node} node @param {number} size @param {number} nowMs */
  resize(node, size, nowMs) {
    const data = Buffer.alloc(size);
    node.data.copy(data, 0, 0, size);
    node.data = data;
    node.mtimeMs = nowMs;
  }

  /** @param {Node} folder @param {string} name */
  #checkRoom(folder, name) {
    this.#checkName(name);
    // Another mount has removed it, which the kernel of this one does not know.
    if (folder.links === 0) throw new Refusal('ENOENT');
    if (folder.names.has(name)) throw new Refusal('EEXIST');
  }

  /** @param {string} name */
  #checkName(name) {
    if (Buffer.byteLength(name) > this.nameMax) throw new Refusal('ENAMETOOLONG');
  }

  /** @param {Node} folder @param {string} name @param {Node} node @param {number} nowMs */
  #enter(folder, name, node, nowMs) {
    folder.names.set(name, node);
    node.links += 1;
    folder.mtimeMs = nowMs;
  }

  /** @param {Node} folder @param {string} name @param {Node} node @param {number} nowMs */
  #leave(folder, name, node, nowMs) {
    folder.names.delete(name);
    folder.mtimeMs = nowMs;
    if (this.keepsOpen && node.opens > 0 && node.links === 1) {
      node.remnant = { folder, name: `.nfs${node.id.toString(16).padStart(24, '0')}` };
      folder.names.set(node.remnant.name, node);
    } else {
      node.links -= 1;
    }
  }

  /** @param {number} mode @param {{ readonly uid: number, readonly gid: number, readonly nowMs: number }} maker @returns {Node} */
  #node(mode, { uid, gid, nowMs }) {
    const id = this.nodes.size + 1;
    const links = id === 1 ? 1 : 0;
    const rest = { data: Buffer.alloc(0), names: new Map(), opens: 0, remnant: undefined };
    const node = { id, mode, links, uid, gid, mtimeMs: nowMs, ...rest };
    this.nodes.set(id, node);
    return node;
  }
}

/** @param {Node} node */
export function isFolderNode(node) {
  return (node.mode & TYPES.any) === TYPES.folder;
}
