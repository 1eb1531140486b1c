import { setImmediate as turn } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { memVfs } from '../../../../src/backends/mem/index.js';
import { LinePlace } from '../../../../src/lock/protocol/line.js';
import { lockTarget, type LockTarget } from '../../../../src/lock/protocol/target.js';
import type { WaitingLine } from '../../../../src/vfs/line.js';
import { fakeGlobals, realGlobals } from '../../../support/fake-time.js';
import { WrappedVfs } from '../../../support/stores/wrapped-vfs.js';

/** A line in which this process has a place, and others wait. */
class Line implements WaitingLine {
  isOccupied = true;
  isTaken = true;
  before = 0;
  left = 0;
  overtaken = 0;
  onChange: (() => void) | undefined;

  join(): number {
    return this.before;
  }
  watch(onChange: () => void): (() => void) | undefined {
    if (this.before === 0) return undefined;
    this.onChange = onChange;
    return () => undefined;
  }
  overtake(): void {
    this.overtaken += 1;
  }
  leave(): void {
    this.left += 1;
  }
}

let line: Line;
let target: LockTarget;
let locks = 0;

beforeEach(() => {
  fakeGlobals({ toFake: ['performance'] });
  line = new Line();
  const vfs = Object.assign(new WrappedVfs(memVfs()), { line: () => line });
  target = lockTarget(vfs, vfs, `lock ${String((locks += 1))}`);
});

afterEach(() => {
  realGlobals();
});

/** One turn of this process: takes the lock at once and releases it. */
function take(place = new LinePlace(target, true)): void {
  place.open();
  place.acquired();
  place.releasing();
  place.released();
}

describe('F2: the place of a process in the line of a lock', () => {
  it('is left at a release, unless the process has asked again right after its last one', async () => {
    take();
    expect(line.left).toBe(1);
    take();
    expect(line.left).toBe(1);
    await turn();
    expect(line.left).toBe(2);
  });

  it('is kept for three turns in a row, and then the process goes behind the others', () => {
    take();
    take();
    expect(new LinePlace(target, true).goesLast).toBe(false);
    take();
    expect(line.left).toBeGreaterThan(1);
    expect(new LinePlace(target, true).goesLast).toBe(true);
    line.isOccupied = false;
    expect(new LinePlace(target, true).goesLast).toBe(false);
  });

  it('does not matter to a process with no time to wait, or that releases a moment before it asks', () => {
    for (let times = 0; times < 3; times += 1) take();
    expect(new LinePlace(target, false).goesLast).toBe(false);
    vi.advanceTimersByTime(5);
    expect(new LinePlace(target, true).goesLast).toBe(false);
  });

  it('is asked for at once where the process has just waited, others wait, and the lock is taken', async () => {
    const comesBack = (): boolean => new LinePlace(target, true).goesLast;
    expect(comesBack()).toBe(false);
    const gone = (): undefined => undefined;
    await new LinePlace(target, true).wait(gone, new AbortController().signal, { ms: 1, readsChanges: false });
    vi.advanceTimersByTime(50);
    expect(comesBack()).toBe(true);
    expect(new LinePlace(target, false).goesLast).toBe(false);
    line.isTaken = false;
    expect(comesBack()).toBe(false);
    [line.isTaken, line.isOccupied] = [true, false];
    expect(comesBack()).toBe(false);
    line.isOccupied = true;
    vi.advanceTimersByTime(60);
    expect(comesBack()).toBe(false);
  });

  it('is the next one when everybody before it has left, and takes the lock without reading it', async () => {
    line.before = 1;
    const waiting = new LinePlace(target, true);
    const woken = waiting.wait(() => undefined, new AbortController().signal, { ms: 60_000, readsChanges: false });
    line.before = 0;
    line.onChange?.();
    expect(await woken).toBe('gone');
    waiting.acquired();
    expect(line.overtaken).toBe(0);
  });

  it('is woken a moment before the lock is released, and then watches the lock', async () => {
    line.before = 1;
    const waiting = new LinePlace(target, true);
    let onRelease: (() => void) | undefined;
    const watchLock = (onChange: () => void): (() => void) | undefined => {
      if (onRelease !== undefined) return undefined;
      onRelease = onChange;
      return () => undefined;
    };
    const woken = waiting.wait(watchLock, new AbortController().signal, { ms: 60_000, readsChanges: false });
    line.before = 0;
    line.onChange?.();
    await vi.waitUntil(() => onRelease !== undefined);
    onRelease?.();
    expect(await woken).toBe('gone');
    waiting.acquired();
    expect(line.overtaken).toBe(0);
  });

  it('is given up by a process that has had its turns by the time it asks again', () => {
    take();
    const place = new LinePlace(target, true);
    place.open();
    place.acquired();
    vi.advanceTimersByTime(9.5);
    const { left } = line;
    place.releasing();
    place.released();
    // Kept, as there is time for one more turn. Then that time is over, and the next place is behind all who wait.
    expect(line.left).toBe(left);
    vi.advanceTimersByTime(0.9);
    expect(new LinePlace(target, true).goesLast).toBe(true);
    expect(line.left).toBe(left + 1);
  });

  it('is passed by a caller that found the lock free, while those before it did not take it', async () => {
    line.before = 1;
    const waiting = new LinePlace(target, true);
    const { signal } = new AbortController();
    expect(await waiting.wait(() => () => undefined, signal, { ms: 1, readsChanges: false })).toBe('due');
    waiting.acquired();
    expect(line.overtaken).toBe(1);
  });
});
