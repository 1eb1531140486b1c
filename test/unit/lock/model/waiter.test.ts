import { expect, it } from 'vitest';

import { memVfs } from '../../../../src/backends/mem/index.js';
import type { Entry, Snapshot } from '../../../../src/index.js';
import { decodeMark, encodeMark, MAX_MARK_BYTES, waiterOf } from '../../../../src/lock/model/waiter.js';
import { waitersFor, waitersIn } from '../../../../src/lock/model/waiters.js';
import { thisProcess } from '../../../../src/lock/model/process.js';
import { freshId } from '../../../../src/util/fresh-id.js';
import { isWaiterPath, lockedPath, waiterPath } from '../../../../src/vfs/names.js';
import { markOf } from '../../../support/marks.js';
import { WrappedVfs } from '../../../support/stores/wrapped-vfs.js';

it('a mark says what was put into it, and never takes more than a kilobyte', () => {
  const mark = markOf({ since: new Date(1_700_000_000_000) });
  expect(decodeMark(encodeMark(mark)!)).toEqual(mark);
  const long = '\u{1}"\\'.repeat(90);
  const cut = encodeMark(markOf({ ownerId: long, user: long, command: [long, long], lock: `${'x'.repeat(250)}.lock` }));
  expect(cut?.length).toBeLessThanOrEqual(MAX_MARK_BYTES);
  expect(decodeMark(cut!)).toMatchObject({ pid: 1234, command: [] });
  expect(encodeMark(markOf({ lock: '\u{1}'.repeat(250) }))).toBeUndefined();
});

it.each([
  ...['', '{', 'null', '[]', '7', '{}'],
  ...[{ pid: -1 }, { pid: '7' }, { forMs: null }, { waitedMs: {} }, { command: 'make' }, { command: [7] }, { user: 7 }],
  ...[{ lock: undefined }, { since: 'yesterday' }, { bootId: [] }],
])('what is no mark is no waiter: %o', (wrong) => {
  const text = typeof wrong === 'string' ? wrong : JSON.stringify({ ...markOf(), ...wrong });
  expect(decodeMark(Buffer.from(text))).toBeUndefined();
});

it('a mark counts for as long as its wait, for a day at most, and only while its process on this host runs', () => {
  expect(waiterOf(markOf({ forMs: 1000 }), 1000)?.waitedMs).toBe(6000);
  expect(waiterOf(markOf({ forMs: 1000 }), 1001)).toBeUndefined();
  expect(waiterOf(markOf({ forMs: 1e15 }), 86_400_001)).toBeUndefined();
  expect(waiterOf(markOf(thisProcess()), 0)?.alive).toBe(true);
  expect(waiterOf(markOf({ ...thisProcess(), processStart: '1' }), 0)).toBeUndefined();
});

it('who asks for the others is not one of them', async () => {
  const vfs = memVfs();
  const paths = [waiterPath('data.csv.lock', freshId()), waiterPath('data.csv.lock', freshId())];
  for (const path of paths) await vfs.write(path, encodeMark(markOf())!);
  expect(await waitersFor(vfs, 'data.csv.lock')).toHaveLength(2);
  expect(await waitersFor(vfs, 'data.csv.lock', { except: paths[0] })).toHaveLength(1);
});

it('no lock is looked for among the marks', () => {
  expect(isWaiterPath(waiterPath('a/b.lock', freshId()))).toBe(true);
  expect(lockedPath('a/.vfs-lockfile-waiters/x.lock')).toBeUndefined();
});

/** A store whose folder of marks somebody has filled. */
class FullVfs extends WrappedVfs {
  listed = 0;
  reads = 0;
  readonly #nameOf: () => string;

  constructor(nameOf: () => string) {
    super(memVfs());
    this.#nameOf = nameOf;
  }

  override async *list(folder: string): AsyncGenerator<Entry> {
    for (let i = 0; i < 100_000; i += 1) {
      this.listed += 1;
      yield await Promise.resolve({ path: `${folder}/${this.#nameOf()}`, size: 7, modifiedMs: 0 });
    }
  }

  override read(): Promise<Snapshot | undefined> {
    this.reads += 1;
    return Promise.resolve(undefined);
  }
}

it('of a folder full of junk some thousand names are looked at, and some hundred marks are read', async () => {
  const junk = new FullVfs(() => freshId());
  expect([...(await waitersIn(junk, ''))]).toEqual([]);
  expect([junk.listed, junk.reads]).toEqual([5000, 0]);
  const marks = new FullVfs(() => waiterPath('a.lock', freshId()).slice('.vfs-lockfile-waiters/'.length));
  expect(await waitersFor(marks, 'a.lock')).toEqual([]);
  expect(marks.reads).toBe(256);
  expect(await waitersFor(marks, 'b.lock')).toEqual([]);
  expect(marks.reads).toBe(256);
});
