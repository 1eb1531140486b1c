// @ts-check
import { closeSync, openSync, promises as fs, unlinkSync } from 'node:fs';
import { promisify } from 'node:util';

/**
 * Each locks a file, given by its path, and gives it back. A library is loaded only in the process that measures it.
 *
 * @typedef {(file: string) => Promise<void>} AsyncCycle
 * @typedef {(file: string) => void} SyncCycle
 * @typedef {{ title: string, aim: string | undefined, load: () => Promise<AsyncCycle> }} AsyncContender
 * @typedef {{ title: string, aim: string | undefined, load: () => Promise<SyncCycle> }} SyncContender
 */

/** @type {Readonly<Record<string, AsyncContender>>} ours first; the aim is our time over theirs */
export const asynchronous = {
  ours: { title: 'vfs-lockfile `acquire`, `release`', aim: undefined, load: loadOurs },
  proper: { title: 'proper-lockfile `lock`, `release`', aim: '≤ 0.5; tmpfs ≤ 0.6', load: loadProper },
  isaacs: { title: 'lockfile `lock`, `unlock`', aim: undefined, load: loadIsaacs },
  bare: { title: 'bare `open("wx")`, `close`, `unlink`', aim: undefined, load: () => Promise.resolve(bare) },
};

/** @type {Readonly<Record<string, SyncContender>>} */
export const synchronous = {
  ours: { title: 'vfs-lockfile `lockSync`, `release`', aim: undefined, load: loadOursSync },
  proper: { title: 'proper-lockfile `lockSync`, `release`', aim: '≤ 0.7; tmpfs ≤ 1.2', load: loadProperSync },
  isaacs: { title: 'lockfile `lockSync`, `unlockSync`', aim: undefined, load: loadIsaacsSync },
  bare: {
    title: 'bare `openSync("wx")`, `closeSync`, `unlinkSync`',
    aim: undefined,
    load: () => Promise.resolve(bareSync),
  },
};

/** @returns {Promise<AsyncCycle>} */
async function loadOurs() {
  const { Lockfile } = await import('vfs-lockfile');
  return async (file) => {
    const lock = await Lockfile.open(file);
    await lock.acquire();
    if (!(await lock.release())) throw new Error(`lost the lock of ${file}`);
  };
}

/** @returns {Promise<SyncCycle>} */
async function loadOursSync() {
  const { lockSync } = await import('vfs-lockfile');
  return (file) => {
    if (!lockSync(file).release()) throw new Error(`lost the lock of ${file}`);
  };
}

/** @returns {Promise<AsyncCycle>} */
async function loadProper() {
  const { lock } = await import('proper-lockfile');
  return async (file) => {
    const release = await lock(file);
    await release();
  };
}

/** @returns {Promise<SyncCycle>} */
async function loadProperSync() {
  const { lockSync } = await import('proper-lockfile');
  return (file) => {
    lockSync(file)();
  };
}

/** @returns {Promise<AsyncCycle>} */
async function loadIsaacs() {
  const lockfile = await import('lockfile');
  const lock = promisify((/** @type {string} */ path, /** @type {(error: Error | null) => void} */ done) => {
    lockfile.lock(path, done);
  });
  const unlock = promisify(lockfile.unlock);
  return async (file) => {
    await lock(`${file}.lock`);
    await unlock(`${file}.lock`);
  };
}

/** @returns {Promise<SyncCycle>} */
async function loadIsaacsSync() {
  const { lockSync, unlockSync } = await import('lockfile');
  return (file) => {
    lockSync(`${file}.lock`);
    unlockSync(`${file}.lock`);
  };
}

/** @type {AsyncCycle} */
async function bare(file) {
  const handle = await fs.open(`${file}.lock`, 'wx');
  await handle.close();
  await fs.unlink(`${file}.lock`);
}

/** @type {SyncCycle} */
function bareSync(file) {
  closeSync(openSync(`${file}.lock`, 'wx'));
  unlinkSync(`${file}.lock`);
}
