// @ts-check
// A file system behind FUSE: one tree in memory, mounted one or more times. Each mount stamps what is written through it by a clock
// of its own, as the clients of CephFS do. Stopping this process makes all mounts hang; killing it makes them fail.
import { Buffer } from 'node:buffer';
import { spawn } from 'node:child_process';
import { writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

import { isFolderNode, Refusal, Tree, TYPES } from './tree.mjs';
import * as wire from './wire.mjs';

const { OP } = wire;
const EIO = 5;
const ENOSYS = 38;
const NO_REPLY = [OP.FORGET, OP.BATCH_FORGET, OP.INTERRUPT];
const NOTHING_TO_DO = [OP.RELEASEDIR, OP.FSYNC, OP.FSYNCDIR, OP.FLUSH, OP.ACCESS];
const SET = { mode: 1, uid: 2, gid: 4, size: 8, mtime: 32, mtimeNow: 256 };

/** @typedef {{ readonly path: string, readonly aheadMs: number }} Mount */

/**
 * @typedef {object} Fault
 * @property {keyof typeof OP} op what it befalls
 * @property {string} [name] a regular expression for one of the names in the request
 * @property {number} errno
 * @property {boolean} [done] the request is done first, as when a file server repeats it after a lost reply
 * @property {number} [times]
 */

const { mounts, nameMax, keepsOpen } =
  /** @type {{ mounts: readonly Mount[], nameMax: number, keepsOpen: boolean }} */ (
    JSON.parse(process.argv[2] ?? '{}')
  );
const tree = new Tree(nameMax, keepsOpen);

/** @type {Fault[]} */
let faults = [];
process.on('message', (fault) => {
  faults.push(/** @type {Fault} */ (fault));
  process.send?.({ faults: faults.length });
});

/** Where the names of a request begin. @type {Record<number, number>} */
const NAMES_AT = { [OP.RENAME]: 8, [OP.RENAME2]: 16, [OP.MKDIR]: 8, [OP.MKNOD]: 16, [OP.CREATE]: 16, [OP.LINK]: 8 };

/** @param {wire.Request} asked */
function takeFault({ opcode, names }) {
  const found = faults.find(({ op, name }) => {
    if (OP[op] !== opcode) return false;
    return name === undefined || names(NAMES_AT[opcode] ?? 0).some((one) => new RegExp(name).test(one));
  });
  if (found === undefined) return undefined;
  found.times = (found.times ?? 1) - 1;
  if (found.times === 0) faults = faults.filter((fault) => fault !== found);
  return found;
}

/** @type {Record<number, (asked: wire.Request, nowMs: number) => Buffer>} */
const ANSWERS = {
  [OP.INIT]: () => wire.initialized(),
  [OP.STATFS]: () => wire.statistics(nameMax),
  [OP.LOOKUP]: ({ id, names }) => wire.entry(tree.lookUp(tree.node(id), first(names(0)))),
  [OP.GETATTR]: ({ id }) => wire.attributesOut(tree.node(id)),
  [OP.SETATTR]: (asked, nowMs) => wire.attributesOut(setAttributes(asked, nowMs)),
  [OP.READLINK]: ({ id }) => tree.node(id).data,
  [OP.SYMLINK]: (asked, nowMs) => {
    const [name = '', target = ''] = asked.names(0);
    const made = make(asked, name, TYPES.link | 0o777, nowMs);
    made.data = Buffer.from(target);
    return wire.entry(made);
  },
  [OP.MKNOD]: (asked, nowMs) => wire.entry(make(asked, first(asked.names(16)), asked.u32(0), nowMs)),
  [OP.MKDIR]: (asked, nowMs) => wire.entry(make(asked, first(asked.names(8)), TYPES.folder | asked.u32(0), nowMs)),
  [OP.CREATE]: (asked, nowMs) => {
    const made = tree.open(make(asked, first(asked.names(16)), TYPES.file | asked.u32(4), nowMs));
    return Buffer.concat([wire.entry(made), wire.opened()]);
  },
  [OP.UNLINK]: (asked, nowMs) => remove(asked, false, nowMs),
  [OP.RMDIR]: (asked, nowMs) => remove(asked, true, nowMs),
  [OP.RENAME]: ({ id, u64, names }, nowMs) => rename(id, u64(0), names(8), 0, nowMs),
  [OP.RENAME2]: ({ id, u64, u32, names }, nowMs) => rename(id, u64(0), names(16), u32(8), nowMs),
  [OP.LINK]: ({ id, u64, names }, nowMs) =>
    wire.entry(tree.link(tree.node(u64(0)), tree.node(id), first(names(8)), nowMs)),
  [OP.OPEN]: ({ id }) => {
    tree.open(tree.node(id));
    return wire.opened();
  },
  [OP.RELEASE]: ({ id }, nowMs) => {
    tree.close(tree.node(id), nowMs);
    return Buffer.alloc(0);
  },
  [OP.OPENDIR]: () => wire.opened(0),
  [OP.READ]: ({ id, u64, u32 }) => tree.node(id).data.subarray(u64(8), u64(8) + u32(16)),
  [OP.READDIR]: ({ id, u64, u32 }) => wire.listing(tree.node(id), u64(8), u32(16)),
  [OP.WRITE]: ({ id, u64, u32, body }, nowMs) => {
    tree.write(tree.node(id), u64(8), body.subarray(40, 40 + u32(16)), nowMs);
    return wire.written(u32(16));
  },
};

/** @param {readonly string[]} names */
function first([name = '']) {
  return name;
}

/** @param {wire.Request} asked @param {boolean} isFolder @param {number} nowMs */
function remove({ id, names }, isFolder, nowMs) {
  tree.remove(tree.node(id), first(names(0)), isFolder, nowMs);
  return Buffer.alloc(0);
}

/** @param {wire.Request} asked @param {string} name @param {number} mode @param {number} nowMs */
function make({ id, uid, gid }, name, mode, nowMs) {
  return tree.make(tree.node(id), name, mode, { uid, gid, nowMs });
}

/** @param {number} from @param {number} to @param {readonly string[]} names @param {number} flags @param {number} nowMs */
function rename(from, to, [name = '', target = ''], flags, nowMs) {
  tree.rename(tree.node(from), name, tree.node(to), target, flags, nowMs);
  return Buffer.alloc(0);
}

/** @param {wire.Request} asked @param {number} nowMs */
function setAttributes({ id, u32, u64 }, nowMs) {
  const node = tree.node(id);
  const valid = u32(0);
  if (valid & SET.mode) node.mode = (node.mode & TYPES.any) | (u32(68) & 0o7777);
  if (valid & SET.uid) node.uid = u32(76);
  if (valid & SET.gid) node.gid = u32(80);
  if (valid & SET.size && !isFolderNode(node)) tree.resize(node, u64(16), nowMs);
  if (valid & SET.mtimeNow) node.mtimeMs = nowMs;
  else if (valid & SET.mtime) node.mtimeMs = u64(40) * 1000 + u32(60) / 1e6;
  return node;
}

/** @param {wire.Request} asked @param {number} nowMs */
function answer(asked, nowMs) {
  const { opcode, unique } = asked;
  if (NOTHING_TO_DO.includes(opcode)) return wire.reply(unique, 0);
  const act = ANSWERS[opcode];
  if (act === undefined) return wire.reply(unique, ENOSYS);
  const fault = takeFault(asked);
  if (fault?.done) act(asked, nowMs);
  if (fault) return wire.reply(unique, fault.errno);
  try {
    return wire.reply(unique, 0, act(asked, nowMs));
  } catch (error) {
    return wire.reply(unique, error instanceof Refusal ? error.errno : EIO);
  }
}

/** Serves a mount until it is unmounted. @param {Mount} mount */
async function serve({ path, aheadMs }) {
  const device = await open('/dev/fuse', 'r+');
  const buffer = Buffer.alloc(wire.MAX_WRITE + 4096);
  const options = 'fd=3,rootmode=40000,user_id=0,group_id=0,allow_other';
  const command = ['-i', '-t', 'fuse', '-o', options, 'vfs-lockfile-test', path];
  const mounting = spawn('mount', command, { stdio: ['ignore', 'ignore', 'inherit', device.fd] });
  mounting.on('close', (code) => process.send?.(code === 0 ? { mounted: path } : { failed: path }));
  for (;;) {
    try {
      const { bytesRead } = await device.read(buffer, 0, buffer.length, null);
      const asked = wire.request(Buffer.from(buffer.subarray(0, bytesRead)));
      if (!NO_REPLY.includes(asked.opcode)) send(device.fd, answer(asked, Date.now() + aheadMs));
    } catch (error) {
      // Nothing is mounted yet.
      if (codeOf(error) === 'EPERM') await sleep(1);
      else if (codeOf(error) === 'ENODEV') return;
      else if (codeOf(error) !== 'EINTR' && codeOf(error) !== 'ENOENT') throw error;
    }
  }
}

/** @param {number} fd @param {Buffer} bytes */
function send(fd, bytes) {
  try {
    writeSync(fd, bytes);
  } catch (error) {
    // Whoever asked is gone.
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

/** @param {unknown} error */
function codeOf(error) {
  return /** @type {{ readonly code?: string }} */ (error).code;
}

await Promise.all(mounts.map(serve));
process.exit();
