// @ts-check
// hold.mjs FILE OPTIONS: holds the lock of FILE with the library, says so, and gives it back at SIGTERM.
import { withLock } from 'vfs-lockfile';

const [, , file = '', options = '{}'] = process.argv;
await withLock(
  file,
  async () => {
    console.log('held');
    const alive = setInterval(() => {}, 1000);
    await new Promise((resolve) => process.on('SIGTERM', resolve));
    clearInterval(alive);
  },
  /** @type {import('vfs-lockfile').LockOptions} */ (JSON.parse(options)),
);
