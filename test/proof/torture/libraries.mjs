// @ts-check
import lockfile from 'proper-lockfile';
import { Lockfile } from 'vfs-lockfile';

/**
 * One way to lock for all libraries. A lease of two seconds is the shortest that proper-lockfile has.
 *
 * @typedef {{ assertHeld(): void, release(): Promise<boolean>,
 *   from: import('./journal.mjs').From | undefined }} Taken
 * @typedef {(path: string) => Promise<Taken | undefined>} Take undefined: somebody else has it
 */
export const LEASE_MS = 2000;

/** @type {Record<string, Take>} */
export const LIBRARIES = {
  'vfs-lockfile': async (path) => {
    const lock = await Lockfile.open(path, { ttl: LEASE_MS });
    if (!(await lock.tryAcquire())) return undefined;
    const { reclaimedFrom: from } = lock;
    return {
      assertHeld: () => lock.assertHeld(),
      release: () => lock.release(),
      from: from && { reason: from.reason, nonce: from.nonce, pid: from.pid },
    };
  },
  'proper-lockfile': async (path) => {
    /** @type {Error | undefined} */
    let compromised;
    const onCompromised = (/** @type {Error} */ error) => {
      compromised = error;
    };
    const release = await lockfile.lock(path, { stale: LEASE_MS, onCompromised }).catch(onlyIfHeld);
    return (
      release && {
        assertHeld: () => {
          if (compromised) throw compromised;
        },
        release: async () => {
          await release().catch(onCompromised);
          return compromised === undefined;
        },
        from: undefined,
      }
    );
  },
};

/**
 * A lock that a rival removed while it was being made ends in ENOENT. That is no lock, whatever else it is.
 *
 * @param {unknown} error
 * @returns {undefined}
 */
function onlyIfHeld(error) {
  const { code } = /** @type {{ code?: string }} */ (error);
  if (code === 'ELOCKED' || code === 'ENOENT') return undefined;
  throw error;
}
