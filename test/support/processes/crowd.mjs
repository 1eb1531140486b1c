// @ts-check
// Argument: a folder. Takes and releases the lock of data.csv there as its input says, line by line, and counts how often it
// reads or writes the lock file.
import { createInterface } from 'node:readline';

import { localVfs, Lockfile, VfsFile } from 'vfs-lockfile';

const disk = localVfs({ root: String(process.argv[2]) });
const LOOKS = ['create', 'read', 'replace'];
let looks = 0;
let isWaiting = false;

/**
 * @template {(...args: any[]) => unknown} Watch
 * @param {Watch} watch
 * @returns {Watch} the same, which also says that this process waits
 */
function announced(watch) {
  const announcing = (/** @type {any[]} */ ...args) => {
    const stop = watch(...args);
    if (stop !== undefined && !isWaiting) console.log('waiting');
    isWaiting ||= stop !== undefined;
    return stop;
  };
  return /** @type {Watch} */ (announcing);
}

const counting = new Proxy(disk, {
  get(target, name) {
    const value = Reflect.get(target, name, target);
    if (typeof value !== 'function') return value;
    const method = value.bind(target);
    if (name === 'watch') return announced(method);
    if (name === 'line') {
      return (/** @type {string} */ path) => {
        const line = target.line(path);
        if (line) line.watch = announced(line.watch.bind(line));
        return line;
      };
    }
    return (/** @type {unknown[]} */ ...args) => {
      if (LOOKS.includes(String(name))) looks += 1;
      return method(...args);
    };
  },
});

const lock = new Lockfile(new VfsFile(counting, 'data.csv'));
console.log('ready');

for await (const order of createInterface(process.stdin)) {
  if (order === 'take') void lock.acquire({ wait: '5h', poll: '5h' }).then(() => console.log('taken'));
  else if (order === 'release') void lock.release().then(() => console.log('released'));
  else {
    console.log(String(looks));
    looks = 0;
  }
}
process.exit();
