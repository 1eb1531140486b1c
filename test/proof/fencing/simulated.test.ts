import { expect, it } from 'vitest';

import { forceRelease } from '../../../src/admin/index.js';
import { publish, published } from '../../../src/fencing/index.js';
import { VfsFile, type Lockfile, type LockOptions } from '../../../src/index.js';
import { WrappedVfs } from '../../support/stores/wrapped-vfs.js';
import { fileAt, held } from '../../support/operate/locks.js';
import { onEachStore, stores } from '../../support/operate/stores.js';

// Only the process that has a store in memory can lock its files, so it cannot be stopped while others take its locks over. A holder
// that never asks its clock stands for one here: only the store can tell it that it lost its lock.
const BLIND: LockOptions = { fencing: true, ttl: '10h', renew: false };

const ZOMBIES = 1000;
/** How many of them at the same time, each with a lock of its own. */
const AT_ONCE = 10;

/** Callers of one process queue for a lock; one on another machine does not. */
class Elsewhere extends WrappedVfs {
  override readonly storeId = 'the same store, from another machine';
}

interface Tally {
  refused: number;
  landed: number;
  confirmed: number;
}

onEachStore(stores.slice(0, 1), (place) => {
  it(`lets none of ${String(ZOMBIES)} zombies overwrite the next holder by commit or publish, and confirm finds each`, async () => {
    const tally: Tally = { refused: 0, landed: 0, confirmed: 0 };
    const one = async (_: unknown, index: number): Promise<void> => {
      const file = fileAt(place(), `data-${String(index)}.csv`);
      const theirs = new VfsFile(new Elsewhere(place().rival()), file.path);
      for (let round = 0; round < ZOMBIES / AT_ONCE; round += 1) await raiseZombie(theirs, file, round, tally);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, one));
    console.log(`${String(tally.refused)} late writes refused, ${String(tally.landed)} landed before the takeover`);
    expect(tally.confirmed).toBe(0);
    // Both ways are exercised: those that land in time, and those that do not.
    expect(Math.min(tally.refused, tally.landed)).toBeGreaterThan(0);
  });
});

/** One holder whose writes race with its successor, in another order each round. */
async function raiseZombie(theirs: VfsFile, file: VfsFile, round: number, tally: Tally): Promise<void> {
  const zombie = await held(theirs, BLIND);
  const pointer = `${file.name}-epochs/current`;
  await zombie.epochPath(pointer).write(String(zombie.fencingToken));
  const late = async (pauses: number, write: () => Promise<void>): Promise<void> => {
    for (let pause = 0; pause < pauses; pause += 1) await new Promise(setImmediate);
    try {
      await write();
      tally.landed += 1;
    } catch (error) {
      expect(error).toMatchObject({ code: 'ERR_FENCED', token: zombie.fencingToken });
      tally.refused += 1;
    }
  };
  const [next] = await Promise.all([
    succeed(file, pointer, zombie),
    late((round * 7) % 40, () => zombie.commit(zombie.file, String(zombie.fencingToken))),
    late((round * 11) % 40, () => publish(pointer, zombie)),
  ]);
  expect(next.fencingToken).toBeGreaterThan(zombie.fencingToken);
  const token = String(next.fencingToken);
  expect([await file.readText(), await (await published(file.resolve(pointer)))?.file('current').readText()]).toEqual([
    token,
    token,
  ]);
  await zombie.confirm().then(
    () => (tally.confirmed += 1),
    (error: unknown) => expect(error).toMatchObject({ code: 'ERR_LOCK_LOST' }),
  );
  await next.release();
}

/** Ends the lock of a zombie, takes it, and does the work again. */
async function succeed(file: VfsFile, pointer: string, zombie: Lockfile): Promise<Lockfile> {
  expect(await forceRelease(file, { expect: zombie.record?.lockId ?? '' })).toBe(true);
  const next = await held(file, BLIND);
  const token = String(next.fencingToken);
  await next.epochPath(pointer).write(token);
  await next.commit(file, token);
  await publish(pointer, next);
  return next;
}
