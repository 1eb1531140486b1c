// @ts-check
// Takes a lock again and again, and shows on the disk, by means that no lock has a part in, whether it was alone.
import { appendFileSync, mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { localVfs, VfsFile, withLock } from 'vfs-lockfile';
import { sftpVfs } from 'vfs-lockfile/sftp';

/** @type {{ keyFile: string, sftp: import('vfs-lockfile/sftp').SftpVfsOptions | undefined, root: string, hardLinks: boolean, judge: string, rounds: number, aheadMs: number, ttl: string }} */
const { keyFile, sftp, root, hardLinks, judge, rounds, aheadMs, ttl } = JSON.parse(process.argv[2] ?? '');

const Clock = Date;
globalThis.Date = new Proxy(Clock, {
  construct: (_, given) => (given.length > 0 ? Reflect.construct(Clock, given) : new Clock(Clock.now() + aheadMs)),
  get: (_, name) => (name === 'now' ? () => Clock.now() + aheadMs : Reflect.get(Clock, name)),
});

const vfs = sftp ? sftpVfs({ ...sftp, privateKey: readFileSync(keyFile, 'utf8') }) : localVfs({ root, hardLinks });
for (let done = 0; done < rounds;) {
  try {
    await withLock(new VfsFile(vfs, 'shared'), holdAlone, { ttl, wait: '2m' });
    done += 1;
  } catch (error) {
    const { code = '', message } = /** @type {Error & { code?: string }} */ (error);
    // What a broken connection may end in, named by its code; anything else is a fault of the library.
    if (!['ERR_VFS_IO', 'ERR_VFS_ABORTED', 'ERR_LOCK_LOST'].includes(code)) throw error;
    appendFileSync(`${judge}.log`, `${code} ${message}\n`);
  }
}
process.exit(0);

/**
 * @param {unknown} _file
 * @param {{ readonly signal: AbortSignal, assertHeld(): void }} lock
 */
async function holdAlone(_file, lock) {
  mkdirSync(judge);
  try {
    appendFileSync(`${judge}.log`, `held ${process.pid}\n`);
    await sleep(Math.random() * 20, undefined, { signal: lock.signal });
    lock.assertHeld();
  } finally {
    rmdirSync(judge);
  }
}
