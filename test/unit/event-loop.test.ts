import { expect, test } from 'vitest';

import { nextTurn } from '../../src/backends/local/pace.js';
import { memVfs } from '../../src/backends/mem/index.js';
import { Lockfile, VfsFile } from '../../src/index.js';
import { LONGEST_TIMER_MS } from '../../src/util/abort.js';
import { realTime, setTimeSource, type TimeSource } from '../../src/util/time.js';

function workFor(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end;);
}

test('calls that never wait give the event loop its turn after half a millisecond, all of them together', async () => {
  let turn = 0;
  let working = true;
  const count = (): void => {
    turn += 1;
    if (working) setImmediate(count);
  };
  setImmediate(count);
  const workInTurn = new Map<number, number>();
  await Promise.all(
    Array.from({ length: 100 }, async () => {
      for (let wait = nextTurn(); wait !== undefined; wait = nextTurn()) await wait;
      workFor(0.2);
      workInTurn.set(turn, (workInTurn.get(turn) ?? 0) + 1);
    }),
  );
  working = false;
  // Three pieces of 0.2 ms fill the half millisecond; the bound leaves room for a clock tick at either end.
  expect(Math.max(...workInTurn.values())).toBeLessThanOrEqual(8);
  expect(workInTurn.size).toBeGreaterThan(10);
});

test('thousands of held locks share their timers: one for whoever is due next', async () => {
  let timers = 0;
  const setTimeout: TimeSource['setTimeout'] = (work, ms) => {
    timers += 1;
    return realTime.setTimeout(work, ms);
  };
  const startedMs = realTime.monotonicMs();
  const restore = setTimeSource({ ...realTime, setTimeout, monotonicMs: () => startedMs });
  const vfs = memVfs();
  const locks = Array.from({ length: 3000 }, (_, i) => new Lockfile(new VfsFile(vfs, `file-${i}`), { ttl: '30s' }));
  try {
    for (const lock of locks) await lock.tryAcquire();
    // The first renewals come at random within 6 s: one in n is due before all the n - 1 others, which makes 9 of 3,000.
    expect(timers).toBeGreaterThan(0);
    expect(timers).toBeLessThanOrEqual(60);
  } finally {
    restore();
    for (const lock of locks) await lock.release();
  }
});

test('no timer is set for longer than a timer can be', async () => {
  let longestMs = 0;
  const setTimeout: TimeSource['setTimeout'] = (work, ms) => {
    longestMs = Math.max(longestMs, ms);
    return realTime.setTimeout(work, Math.min(ms, LONGEST_TIMER_MS));
  };
  const file = new VfsFile(memVfs(), 'file');
  const held = new Lockfile(file);
  await held.acquire();
  // Deadlines come up to 8 ms later: this instant has the most that is possible.
  const restore = setTimeSource({ ...realTime, setTimeout, monotonicMs: () => 10 });
  const giveUp = new AbortController();
  const waiting = new Lockfile(file).acquire({ wait: '30d', signal: giveUp.signal });
  giveUp.abort();
  await expect(waiting).rejects.toThrow();
  restore();
  expect(longestMs).toBe(LONGEST_TIMER_MS);
  await held.release();
});

test('a thousand callers that wait for a turn are woken once each, in the order in which they came', async () => {
  const order: number[] = [];
  let asked = 0;
  await Promise.all(
    Array.from({ length: 1000 }, async (_, caller) => {
      for (let wait = nextTurn(); wait !== undefined; wait = nextTurn()) {
        asked += 1;
        await wait;
      }
      order.push(caller);
      workFor(0.02);
    }),
  );
  expect(order).toEqual(Array.from({ length: 1000 }, (_, caller) => caller));
  expect(asked).toBeLessThanOrEqual(1000);
});
