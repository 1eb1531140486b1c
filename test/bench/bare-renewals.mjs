// @ts-check
import { closeSync, fstatSync, lstatSync, mkdirSync, openSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const FILES = 5000;
/** As many as 10,000 locks ask for. */
const [BATCH, EVERY_MS] = [32, 32];

/**
 * What renewals ask of the disk and nothing else, about as often as locks are renewed: a new file, and its rename over the last one.
 *
 * @param {string} folder
 * @param {Uint8Array} record
 * @returns {Promise<number>} microseconds of CPU time for each, of all threads
 */
export async function bareRenewals(folder, record) {
  const files = Array.from({ length: FILES }, (_, place) => join(folder, `bare-${String(place)}`));
  for (const file of files) writeFileSync(file, record);
  const own = join(folder, 'bare');
  mkdirSync(own);
  await pause(1000);
  const started = process.cpuUsage();
  for (const [place, file] of files.entries()) {
    const fresh = join(own, String(place));
    const fd = openSync(fresh, 'wx', 0o644);
    writeSync(fd, record);
    fstatSync(fd);
    closeSync(fd);
    lstatSync(file);
    renameSync(fresh, file);
    if (place % BATCH === 0) await pause(EVERY_MS);
  }
  const { user, system } = process.cpuUsage(started);
  return (user + system) / FILES;
}
