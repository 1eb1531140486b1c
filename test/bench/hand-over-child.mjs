// @ts-check
// Arguments: whose lock, and the file. Takes it or gives it back as told, and answers when: in nanoseconds of
// CLOCK_MONOTONIC, the same clock for all processes of a machine.
import { answer } from './workshop.mjs';

/** @typedef {'acquire' | 'release'} Order */
/** @typedef {{ acquire: () => Promise<unknown>, release: () => Promise<unknown> }} Lock */

const [, , library = '', file = ''] = process.argv;

/** @type {Readonly<Record<string, () => Promise<Lock>>>} */
const locks = {
  ours: async () => {
    const { Lockfile } = await import('vfs-lockfile');
    return Lockfile.open(file);
  },
  'proper, every 10 ms': () => proper({ forever: true, factor: 1, minTimeout: 10 }),
  'proper, 10 retries': () => proper(10),
};

const lock = await /** @type {() => Promise<Lock>} */ (locks[library])();

answer(async (order) => {
  if (order === 'acquire') {
    await lock.acquire();
    return String(process.hrtime.bigint());
  }
  const at = process.hrtime.bigint();
  await lock.release();
  return String(at);
});

/**
 * @param {import('proper-lockfile').LockOptions['retries']} retries
 * @returns {Promise<Lock>}
 */
async function proper(retries) {
  const properLockfile = await import('proper-lockfile');
  let release = () => Promise.resolve();
  return {
    acquire: async () => {
      release = await properLockfile.lock(file, { retries });
    },
    release: () => release(),
  };
}
