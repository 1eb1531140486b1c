// @ts-check
/** Lists and sweeps a folder and prints what that took: `many-child.mjs <folder>`. */
import { localVfs } from 'vfs-lockfile';
import { list, sweep } from 'vfs-lockfile/admin';

const [root = ''] = process.argv.slice(2);
const disk = localVfs({ root });
let names = 0;
/** @type {import('vfs-lockfile').Vfs['list']} */
async function* counted(folder, options) {
  for await (const entry of disk.list(folder, options)) {
    names += 1;
    yield entry;
  }
}
const vfs = new Proxy(disk, {
  get: (target, key) => {
    if (key === 'list') return counted;
    const value = Reflect.get(target, key, target);
    return typeof value === 'function' ? value.bind(target) : value;
  },
});

let listed = 0;
let namesAtFirst = 0;
for await (const { state } of list({ vfs, path: '' })) {
  if (listed === 0) namesAtFirst = names;
  if (state === 'held') listed += 1;
}
const { left } = await sweep({ vfs: disk, path: '' }, { dryRun: true });
const maxRssMb = process.resourceUsage().maxRSS / 1024;
process.stdout.write(JSON.stringify({ listed, names, namesAtFirst, left, maxRssMb }));
