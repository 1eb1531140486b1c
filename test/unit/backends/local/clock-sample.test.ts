import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { fakeGlobals, realGlobals } from '../../../support/fake-time.js';
import { ClockSample } from '../../../../src/backends/local/clock-sample.js';

describe('the clock of a disk, as files that were written there have shown it', () => {
  const clock = new ClockSample();
  const stampMs = 1_700_000_000_004;

  beforeEach(() => {
    fakeGlobals({ toFake: ['performance', 'Date'] });
    clock.note(stampMs);
  });

  afterEach(() => {
    realGlobals();
  });

  it('goes on for a second', () => {
    vi.advanceTimersByTime(700);
    expect(clock.nowMs).toBe(stampMs + 700);
    vi.advanceTimersByTime(400);
    expect(clock.nowMs).toBeUndefined();
  });

  it.each([-3_600_000, 3_600_000])('is unknown once the time of the machine was set by %d ms', (ms) => {
    vi.setSystemTime(Date.now() + ms);
    expect(clock.nowMs).toBeUndefined();
  });

  it('is unknown where time stamps are whole seconds', () => {
    clock.note(1_700_000_001_000);
    expect(clock.nowMs).toBeUndefined();
  });
});
