// @ts-check
/** Locks, or sweeps, again and again in a folder where somebody attacks. Prints what it found at the end. */
import { existsSync, lstatSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';

import { localVfs, Lockfile, VfsFile } from 'vfs-lockfile';
import { sweep } from 'vfs-lockfile/admin';

const [task = '', folder = '', rounds = ''] = process.argv.slice(2);

/** @param {string} name */
const lockOn = (name, options = {}) =>
  new Lockfile(new VfsFile(localVfs({ root: folder, ...options }), name), { ttl: '1h', renew: false });

/** Names of the folder that match are removed, if the attacker has not just swapped them. */
function clear(/** @type {RegExp} */ form, /** @type {(path: string) => void} */ remove) {
  for (const name of readdirSync(folder).filter((found) => form.test(found))) {
    try {
      remove(join(folder, name));
    } catch {
      // The next round finds it.
    }
  }
}
const removeAll = (/** @type {string} */ path) => rmSync(path, { recursive: true, force: true });
const isOver = () => existsSync(join(folder, 'attack-over'));

/** @type {Record<string, () => Promise<unknown>>} */
const tasks = {
  /** Evicts from a guard. */
  evict: async () => {
    while (!isOver()) {
      rmSync(join(folder, 'data.csv.lock'), { force: true });
      const lock = lockOn('data.csv');
      // The attacker may hinder, and no more.
      await lock.acquire({ wait: 0 }).catch(() => undefined);
      clear(/^\.vfs-lockfile-[0-9a-f]{32}$/, rmdirSync);
      if (lock.held) await lock.release().catch(() => undefined);
    }
  },
  sweep: async () => {
    while (!isOver()) {
      await Promise.allSettled([sweep(folder)]);
      await turn();
    }
  },
  /** Makes private folders of its own. Returns how many descriptors it has more than at first. */
  cycle: async () => {
    const before = readdirSync('/proc/self/fd').length;
    for (let round = 0; round < Number(rounds); round += 1) {
      const lock = lockOn(`data-${round}.csv`, { hardLinks: round % 2 === 0 });
      await lock
        .acquire({ wait: 0 })
        .then(() => lock.renew())
        .catch(() => undefined);
      await lock.release().catch(() => undefined);
      clear(/^\.vfs-lockfile-|^away|^data-/, removeAll);
    }
    return readdirSync('/proc/self/fd').length - before;
  },
  /** Renews a lock, every other time through the guard. Returns how often something else stood in its place. */
  renew: async () => {
    let replaced = 0;
    const lock = lockOn('data.csv');
    await lock.acquire({ wait: 0 });
    for (let round = 0; round < Number(rounds); round += 1) {
      if (round % 2 === 0) clear(/^\.vfs-lockfile-[0-9a-f]{32}$/, rmdirSync);
      await lock.renew();
      const found = lstatSync(join(folder, 'data.csv.lock'));
      if (!found.isFile() || found.uid !== process.getuid?.()) replaced += 1;
    }
    return { replaced, released: await lock.release() };
  },
};

console.log(JSON.stringify((await tasks[task]?.()) ?? null));
