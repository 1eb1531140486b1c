// @ts-check
/**
 * Takes locks at random in every way the library knows, until its input ends, and writes down what it sees. Two callers
 * work side by side in one process, so that its queue is under test as well.
 *
 * Arguments: the store as JSON, the folder of the journals, this process's name, the seed, between which milliseconds a lease
 * is, as `300-800`, the files' names.
 */
import { subscribe } from 'node:diagnostics_channel';
import { basename } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import {
  LockHeldError,
  Lockfile,
  LockLostError,
  lockSync,
  LockTimeoutError,
  VfsError,
  VfsFile,
  withLock,
} from 'vfs-lockfile';

import { Journal, now } from './journal.mjs';
import { Random } from './random.mjs';
import { recorded } from './recorded.mjs';
import { isFenced, openStore } from './store.mjs';

const [, , storeText = '', journalFolder = '', name = '', seed = '', leases = '', ...fileNames] = process.argv;
const [leastLeaseMs = NaN, mostLeaseMs = NaN] = leases.split('-').map(Number);
const CALLERS = 2;
/** A third of all goes for the first file. */
const HOT_SHARE = 1 / 3;

/** @type {readonly (readonly [number, (go: Go) => Promise<void>])[]} */
const WAYS = [
  [4, byAcquire],
  [4, byTryAcquire],
  [4, byWithLock],
  [1, bySync],
];

/** @type {import('./store.mjs').Store} */
const store = JSON.parse(storeText);
const journal = new Journal(journalFolder, name);
const vfs = recorded(openStore(store), (event) => journal.write(event));
/** Only a local store can be locked without waiting for promises. */
const ways = WAYS.filter(([, how]) => how !== bySync || vfs.sync !== undefined);
const sleeper = new Int32Array(new SharedArrayBuffer(4));
let tenures = 0;
let finishing = false;
/** `withLock` could not release these locks the last time. It warns of that and does not reject; they stay until their lease ends. */
const unreleased = new Set();
subscribe('vfs-lockfile:release', (message) => {
  const { path, reason } = /** @type {import('vfs-lockfile').LockEvent} */ (message);
  if (reason === 'failed') unreleased.add(basename(path));
});

/**
 * @typedef {{ held: boolean, assertHeld(): void, loss: LockLostError | undefined, signal?: AbortSignal,
 *   reclaimedFrom: Lockfile['reclaimedFrom'] }} Lock
 * @typedef {{ lock: string, leaseMs: number, renew: boolean, how: string, random: Random }} Go
 */

process.stdin.on('end', () => {
  finishing = true;
});
process.stdin.resume();
for (const fatal of ['uncaughtException', 'unhandledRejection']) {
  process.on(fatal, (error) => {
    journal.trouble(`${fatal} in ${name}: ${error instanceof Error ? error.stack : String(error)}`);
    process.exit(1);
  });
}

await Promise.all(Array.from({ length: CALLERS }, (_, caller) => keepTaking(new Random(`${seed}/${name}/${caller}`))));

/** @param {Random} random */
async function keepTaking(random) {
  while (!finishing) {
    const how = random.pickWeighted(ways);
    const lock = random.chance(HOT_SHARE) ? String(fileNames[0]) : random.pick(fileNames);
    const leaseMs = Math.round(random.between(leastLeaseMs, mostLeaseMs));
    try {
      await how({ lock, leaseMs, renew: random.chance(0.6), how: how.name, random });
    } catch (error) {
      noteRefusal(error, how.name);
    }
    if (random.chance(0.5)) await pause(random.between(0, 20));
  }
}

/** @param {Go} go */
async function byAcquire(go) {
  const { random } = go;
  const lock = new Lockfile(new VfsFile(vfs, go.lock), options(go));
  const wait = random.chance(0.2) ? 0 : random.between(20, 3000);
  const signal = random.chance(0.2) ? globalThis.AbortSignal.timeout(Math.round(random.between(1, 400))) : undefined;
  await lock.acquire(signal ? { wait, signal } : { wait });
  const tenure = enter(go, lock);
  await work(tenure, go, lock);
  await giveBack(tenure, lock);
}

/** @param {Go} go */
async function byTryAcquire(go) {
  const lock = await Lockfile.open(new VfsFile(vfs, go.lock), options(go));
  if (!(await lock.tryAcquire())) {
    journal.write({ kind: 'refused', at: String(now()), code: 'false' });
    await pause(go.random.between(1, 50));
    return;
  }
  const tenure = enter(go, lock);
  await work(tenure, go, lock);
  await giveBack(tenure, lock);
}

/** @param {Go} go */
async function byWithLock(go) {
  let tenure = '';
  try {
    await withLock(
      new VfsFile(vfs, go.lock),
      async (_file, lock) => {
        tenure = enter(go, lock);
        unreleased.delete(`${go.lock}.lock`);
        await work(tenure, go, lock);
      },
      { ...options(go), wait: go.random.between(20, 3000) },
    );
  } catch (error) {
    if (tenure === '' || !(error instanceof LockLostError)) throw error;
    leave(tenure, false);
    return;
  }
  leave(tenure, !unreleased.has(`${go.lock}.lock`));
}

/**
 * Blocks the thread while it waits, so it waits for a short time only.
 *
 * @param {Go} go
 */
async function bySync(go) {
  const lock = lockSync(new VfsFile(vfs, go.lock), { ...options(go), wait: go.random.between(0, 100) });
  const tenure = enter(go, lock);
  await work(tenure, go, lock);
  leave(tenure, lock.release());
}

/** @param {Go} go */
function options({ lock, leaseMs, renew }) {
  return { ttl: leaseMs, renew, ownerId: name, fencing: isFenced(fileNames, lock) };
}

/**
 * @param {Go} go
 * @param {Lock} lock
 */
function enter({ lock: file, leaseMs, how }, lock) {
  const at = String(now());
  const tenure = `${name}#${++tenures}`;
  const from = lock.reclaimedFrom;
  const taken = from && { reason: from.reason, nonce: from.nonce, pid: from.pid };
  journal.write({ kind: 'enter', at, tenure, lock: file, leaseMs, how, from: taken });
  return tenure;
}

/**
 * Many small steps, each with proof that the lock was held when it began; ends early when the lock is lost.
 *
 * @param {string} tenure
 * @param {Go} go
 * @param {Lock} lock
 */
async function work(tenure, { leaseMs, renew, random }, lock) {
  const overstays = !renew && random.chance(0.06);
  const steps = overstays
    ? Infinity
    : random.pickWeighted([
        [70, random.between(1, 4)],
        [25, random.between(4, 16)],
        [5, random.between(20, 100)],
      ]);
  const { signal } = lock;
  // Now and then somebody is busy for longer than the lease without giving the event loop a chance to renew.
  const blockAt = random.chance(0.03) ? Math.floor(random.between(0, steps)) : -1;
  for (let step = 0; step < steps; step += 1) {
    if (!check(tenure, lock, signal)) return;
    if (step === blockAt) Atomics.wait(sleeper, 0, 0, leaseMs * random.between(0.5, 1.5));
    else if (random.chance(0.7)) await pause(random.between(0, 8));
  }
  if (check(tenure, lock, signal)) journal.write({ kind: 'leave', at: String(now()), tenure });
}

/**
 * @param {string} tenure
 * @param {Lock} lock
 * @param {AbortSignal | undefined} signal
 */
function check(tenure, lock, signal) {
  const at = String(now());
  try {
    lock.assertHeld();
  } catch (error) {
    journal.write({ kind: 'lost', at: String(now()), tenure, reason: reasonOf(error) });
    if (signal && !(signal.aborted && signal.reason === error)) journal.trouble(`${tenure} is lost, its signal is not`);
    return false;
  }
  journal.write({ kind: 'held', at, tenure });
  return true;
}

/** @param {unknown} error */
function reasonOf(error) {
  if (error instanceof LockLostError) return error.reason;
  journal.trouble(`assertHeld threw ${String(error)}`);
  return 'trouble';
}

/**
 * @param {string} tenure
 * @param {boolean} ours
 */
function leave(tenure, ours) {
  journal.write({ kind: 'released', at: String(now()), tenure, ours });
}

/**
 * @param {string} tenure
 * @param {Lockfile} lock
 */
async function giveBack(tenure, lock) {
  try {
    leave(tenure, await lock.release());
  } catch (error) {
    if (!isCutOff(error)) throw error;
    leave(tenure, false);
  }
}

/**
 * A server that cannot be reached is no fault of the library's.
 *
 * @param {unknown} error
 */
function isCutOff(error) {
  const codes = ['ERR_VFS_IO', 'ERR_VFS_ABORTED', 'ERR_VFS_TIMEOUT'];
  return store.kind !== 'local' && error instanceof VfsError && codes.includes(error.code);
}

/**
 * The time to wait was over before the store was read once, as on a busy machine.
 *
 * @param {unknown} error
 */
function isTooLate(error) {
  return error instanceof VfsError && error.code === 'ERR_VFS_TIMEOUT' && error.effect === 'none';
}

/**
 * @param {unknown} error
 * @param {string} how
 */
function noteRefusal(error, how) {
  const { name: kind, stack } = /** @type {Error} */ (error);
  if (
    error instanceof LockHeldError ||
    error instanceof LockTimeoutError ||
    kind === 'TimeoutError' ||
    isTooLate(error) ||
    isCutOff(error)
  ) {
    journal.write({ kind: 'refused', at: String(now()), code: kind });
  } else {
    journal.trouble(`${how} in ${name}: ${String(stack)}`);
  }
}
