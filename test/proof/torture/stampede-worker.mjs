// @ts-check
/**
 * As `holder`: takes the lock of every file and keeps them. As `contender`: from a given instant, tries each
 * file in turn, all contenders at the same instants, and holds what it gets for a moment.
 *
 * Arguments: the role, the library, the folder of the locked files, the folder of the journals, its name, the files' names.
 */
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';

import { Journal, now } from './journal.mjs';
import { LEASE_MS, LIBRARIES } from './libraries.mjs';

const [, , role = '', library = '', filesFolder = '', journalFolder = '', name = '', ...fileNames] = process.argv;
const GAP_NS = 30_000_000n;
const HOLD_MS = 20;

const take = LIBRARIES[library];
if (take === undefined) throw new Error(`no library is called ${library}`);
const journal = new Journal(journalFolder, name);

if (role === 'holder') {
  for (const fileName of fileNames) {
    const taken = await takeAndTell(fileName);
    if (taken) check(fileName, taken);
    else journal.trouble(`${fileName} was not free`);
  }
  console.log('ready');
  process.stdin.resume();
} else {
  console.log('ready');
  for await (const line of createInterface(process.stdin)) await contend(BigInt(line));
}

/** @param {bigint} startAt */
async function contend(startAt) {
  const holding = fileNames.map(async (fileName, place) => {
    await waitUntil(startAt + BigInt(place) * GAP_NS);
    const taken = await takeAndTell(fileName);
    if (taken === undefined) return;
    check(fileName, taken);
    await pause(HOLD_MS);
    check(fileName, taken);
    journal.write({ kind: 'leave', at: String(now()), tenure: tenure(fileName) });
    const ours = await taken.release();
    journal.write({ kind: 'released', at: String(now()), tenure: tenure(fileName), ours });
  });
  await Promise.all(holding);
}

/** @param {string} fileName */
async function takeAndTell(fileName) {
  const taken = await take?.(join(filesFolder, fileName));
  const at = String(now());
  if (taken === undefined) {
    journal.write({ kind: 'refused', at, code: 'held' });
    return undefined;
  }
  const names = { tenure: tenure(fileName), lock: fileName, leaseMs: LEASE_MS, how: library };
  journal.write({ kind: 'enter', at, ...names, from: taken.from });
  return taken;
}

/**
 * @param {string} fileName
 * @param {import('./libraries.mjs').Taken} taken
 */
function check(fileName, taken) {
  const at = String(now());
  try {
    taken.assertHeld();
    journal.write({ kind: 'held', at, tenure: tenure(fileName) });
  } catch (error) {
    journal.write({ kind: 'lost', at: String(now()), tenure: tenure(fileName), reason: String(error) });
  }
}

/** @param {string} fileName */
function tenure(fileName) {
  return `${name}/${fileName}`;
}

/** @param {bigint} at */
async function waitUntil(at) {
  const leftMs = Number(at - now()) / 1e6;
  if (leftMs > 2) await pause(leftMs - 2);
  while (now() < at);
}
