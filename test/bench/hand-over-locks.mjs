// @ts-check
/** @typedef {{ acquire: () => Promise<unknown>, release: () => Promise<unknown> }} Lock */

/**
 * @param {string} library whose lock, and how it waits
 * @param {string} file
 * @returns {Promise<Lock>} a lock that waits until it is free
 */
export async function loadWaiting(library, file) {
  switch (library) {
    case 'ours': {
      const { Lockfile } = await import('vfs-lockfile');
      const lock = await Lockfile.open(file);
      return { acquire: () => lock.acquire(), release: () => lock.release() };
    }
    case 'proper, every 10 ms':
      return proper(file, { forever: true, factor: 1, minTimeout: 10 });
    case 'proper, 10 retries':
      return proper(file, 10);
    default:
      throw new Error(`no library is called ${library}`);
  }
}

/**
 * @param {string} file
 * @param {import('proper-lockfile').LockOptions['retries']} retries
 * @returns {Promise<Lock>}
 */
async function proper(file, retries) {
  const properLockfile = await import('proper-lockfile');
  let release = () => Promise.resolve();
  return {
    acquire: async () => {
      release = await properLockfile.lock(file, { retries });
    },
    release: () => release(),
  };
}
