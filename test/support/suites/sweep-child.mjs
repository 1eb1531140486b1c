// @ts-check
/** Sweeps a folder and prints each removal, unless it is killed before the end: `sweep-child.mjs <folder>`. */
import { sweep } from 'vfs-lockfile/admin';

const [folder = ''] = process.argv.slice(2);
for await (const { action } of sweep(folder, { concurrency: 8 })) if (action === 'removed') process.send?.(action);
