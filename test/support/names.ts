import { readdirSync } from 'node:fs';

import { isPrivateName } from '../../src/vfs/names.js';

/** The names in a folder that people see: without the private folder of a process that locks, or just locked, there. */
export function publicNames(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => !isPrivateName(name))
    .sort();
}
