import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { must } from './process.js';

/** Whether the files of some Debian packages are there, which root gets installed for itself. Throws where that fails. */
export function havePackages(packages: readonly string[], files: readonly string[]): boolean {
  const areThere = (): boolean => files.every((file) => existsSync(file));
  if (process.getuid?.() !== 0) return areThere();
  if (!areThere() || !areInstalled(packages)) must(join(import.meta.dirname, 'packages.sh'), ...packages);
  return areThere();
}

/** Whether packages are not only unpacked, by another test that is busy installing them. True where there is no dpkg. */
function areInstalled(packages: readonly string[]): boolean {
  const { error, stdout } = spawnSync('dpkg-query', ['-W', '-f', '${db:Status-Status}\n', ...packages], {
    encoding: 'utf8',
  });
  return error !== undefined || stdout === 'installed\n'.repeat(packages.length);
}
