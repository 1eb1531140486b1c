// @ts-check
/** An attacker in a sticky folder: removes and replaces whatever it can of a lock of somebody else. Prints how often it did. */
import { closeSync, existsSync, openSync, readdirSync, renameSync, rmdirSync, symlinkSync, unlinkSync } from 'node:fs';

const [shared = ''] = process.argv.slice(2);
process.chdir(shared);
closeSync(openSync('attack-ready', 'w'));

let changes = 0;
/** @param {() => void} change */
function attempt(change) {
  try {
    change();
    changes += 1;
  } catch {
    return;
  }
}

while (!existsSync('attack-over')) {
  for (const name of readdirSync('.')) {
    if (!name.startsWith('.vfs-lockfile-') && !name.startsWith('data.csv.lock')) continue;
    attempt(() => unlinkSync(name));
    attempt(() => rmdirSync(name));
    attempt(() => renameSync(name, 'mine'));
    if (name === 'data.csv.lock') continue;
    const id = name.slice('.'.length);
    for (const entry of [id, `${id}.1.new`, `${id}.2.new`, `${id}.3.new`]) {
      attempt(() => unlinkSync(`${name}/${entry}`));
      attempt(() => symlinkSync('/nowhere', `${name}/${entry}`));
    }
    attempt(() => readdirSync(name));
  }
}
console.log(changes);
