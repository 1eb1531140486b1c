// @ts-check
/**
 * Holds many locks. The test stops it past their leases, and gives each lock to somebody else. When it goes on, it does not know that,
 * and uses each of them at once by `commit`, `publish` and `confirm`.
 *
 * Arguments: the store as JSON, the folder, how it is stopped, the number of locks, their ttl in milliseconds. It begins a round for each
 * byte of its input. It is stopped
 *
 * - `between`: between two calls, in the middle of a turn of its event loop, so that no timer fires before it goes on;
 * - `paused`: the same, by a clock that stood still meanwhile, as that of a paused virtual machine does;
 * - `amid`: in the middle of calls on all locks.
 */
import { readSync, writeSync } from 'node:fs';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';

import { FencedError, Lockfile, LockLostError, VfsError, VfsFile } from 'vfs-lockfile';
import { publish } from 'vfs-lockfile/fencing';
import { useFakeClock } from 'vfs-lockfile/testing';

import { openStore } from '../../proof/torture/store.mjs';
import { pageOf, pointerOf, textOf } from '../fencing/work.mjs';

/**
 * @typedef {import('../fencing/sleeper.js').Ending} Ending
 * @typedef {{ index: number, lock: Lockfile, confirmedAt: string }} Hold
 */

/** The most that a clock notices of a stop, in milliseconds. */
const MOST_NOTICED_MS = 50;
const PIECES = 4;
const MOST_TRIES = 5;

const [, , storeText = '', folder = '', how = '', count = '', ttl = ''] = process.argv;
const vfs = openStore(JSON.parse(storeText));
const files = Array.from({ length: Number(count) }, (_, at) => new VfsFile(vfs, `${folder}/${String(at)}`));
let goesOn = false;

process.on('SIGCONT', () => {
  goesOn = true;
});
if (how === 'paused') void followClock();
while (nextByte()) await round();
process.exit();

async function round() {
  const all = await Promise.all(files.map(take));
  const holds = all.filter(({ lock }) => lock.held);
  goesOn = false;
  const working = how === 'amid' ? holds.map(keepWorking) : [];
  say(holds.map(({ index, lock }) => [index, String(lock.fencingToken)]));
  // Blocks the thread: what follows happens in the same turn.
  if (how !== 'amid') nextByte();
  await Promise.all(working);
  // On a slow machine all leases may be over before the stop, and then nothing is left to be interrupted.
  if (how === 'amid') await untilContinued();
  const endings = await Promise.all(holds.map(end));
  await Promise.all(all.map(({ lock }) => lock.release().catch(ignoreSlowness)));
  say(endings);
}

async function untilContinued() {
  while (!goesOn) await sleep(1);
}

/**
 * @param {VfsFile} file
 * @param {number} index
 * @returns {Promise<Hold>}
 */
async function take(file, index) {
  const lock = new Lockfile(file, { fencing: true, ttl: Number(ttl) });
  await lock.acquire({ wait: '10m' });
  await lock.epochPath(pageOf(file)).write(textOf(lock.fencingToken));
  return { index, lock, confirmedAt: '0' };
}

/**
 * Uses a lock again and again until the process goes on, or the lock is lost.
 *
 * @param {Hold} hold
 */
async function keepWorking(hold) {
  const { index, lock } = hold;
  for (let turn = index; !goesOn; turn += 1) {
    try {
      if (turn % 3 === 0) await lock.commit(lock.file, pieces(lock));
      else if (turn % 3 === 1) await publish(pointerOf(lock.file), lock);
      else {
        // A stop may come between the look at the lock and the next line, which then runs long after it.
        const askedAt = String(process.hrtime.bigint());
        await lock.confirm();
        hold.confirmedAt = askedAt;
      }
    } catch (error) {
      if (error instanceof FencedError || error instanceof LockLostError) return;
      if (!isCutOff(error)) throw error;
    }
  }
}

/** @param {Lockfile} lock */
async function* pieces({ fencingToken }) {
  const data = Buffer.from(textOf(fencingToken));
  const size = data.length / PIECES;
  for (let at = 0; at < PIECES; at += 1) {
    yield data.subarray(at * size, (at + 1) * size);
    await setImmediate();
  }
}

/**
 * @param {Hold} hold
 * @returns {Promise<Ending>}
 */
async function end({ index, lock, confirmedAt }) {
  const { file, fencingToken } = lock;
  const calls = [
    () => lock.commit(file, textOf(fencingToken)),
    () => publish(pointerOf(file), lock),
    () => lock.confirm(),
  ];
  const outcomes = calls.map(outcomeOf);
  const { held } = lock;
  return { index, held, confirmedAt, outcomes: await Promise.all(outcomes) };
}

/**
 * How a call ends that is begun in this turn, and repeated where its connection was closed during the stop.
 *
 * @param {() => Promise<void>} call
 * @returns {Promise<string>}
 */
async function outcomeOf(call) {
  for (let tries = 1; ; tries += 1) {
    try {
      await call();
      return 'done';
    } catch (error) {
      if (error instanceof FencedError) return `${error.code} ${String(error.token)} < ${String(error.by)}`;
      if (error instanceof LockLostError) return error.code;
      if (!isCutOff(error) || tries === MOST_TRIES) return String(error);
    }
  }
}

/**
 * A stop can outlast the time limit of a call, the patience of a server with a connection, or that of a rival with a guard.
 *
 * @param {unknown} error
 */
function isCutOff(error) {
  return error instanceof VfsError && ['ERR_VFS_IO', 'ERR_VFS_TIMEOUT', 'ERR_VFS_ABORTED'].includes(error.code);
}

/** Lets the library's clock follow the real one, but for a stop. */
async function followClock() {
  const clock = useFakeClock();
  for (let lastMs = performance.now(); ; lastMs = performance.now()) {
    await sleep(5);
    await clock.advance(Math.min(performance.now() - lastMs, MOST_NOTICED_MS));
  }
}

/**
 * Nobody waits for these locks: a release that takes too long on a slow machine changes nothing here.
 *
 * @param {unknown} error
 */
function ignoreSlowness(error) {
  if (!isCutOff(error)) throw error;
}

/** Waits for a byte, and blocks the thread meanwhile. False: there will be none. */
function nextByte() {
  return readSync(0, Buffer.alloc(1)) > 0;
}

/** @param {unknown} message */
function say(message) {
  writeSync(1, `${JSON.stringify(message)}\n`);
}
