import { describe, expect, it } from 'vitest';

import { describeContention } from '../../../../src/lock/model/holder.js';
import { describeProgress } from '../../../../src/lock/model/progress-text.js';
import { MAX_PROGRESS_BYTES, nextProgress, progressAgeMs } from '../../../../src/lock/model/progress.js';
import { decodeRecord, encodeRecord, type LockRecord } from '../../../../src/lock/model/record.js';
import { GO_RECORD } from '../../../support/records.js';

const AT = '2026-11-20T23:53:35.299Z';
const RECORD: LockRecord = { ...GO_RECORD, progress: { at: new Date(AT), value: { done: 12, total: 40 } } };
const MINUTE = 60_000;

/** A record as a stranger wrote it. */
function strange(progress: unknown): LockRecord | undefined {
  const text = JSON.stringify({ ...JSON.parse(Buffer.from(encodeRecord(GO_RECORD)).toString()), progress });
  return decodeRecord(Buffer.from(text));
}

function nested(levels: number): unknown {
  return levels === 0 ? 1 : { in: nested(levels - 1) };
}

describe('issue 12: progress in a record', () => {
  it('is read as it was written', () => {
    expect(decodeRecord(encodeRecord(RECORD))).toEqual(RECORD);
    expect(strange({ at: AT, value: { done: 1 } })?.progress).toEqual({ at: new Date(AT), value: { done: 1 } });
  });

  it.each<[string, unknown]>([
    ['text', 'half'],
    ['an array', [1]],
    ['null', null],
    ['no time', { value: {} }],
    ['a time of another type', { at: 7, value: {} }],
    ['an impossible time', { at: '2026-02-30T00:00:00Z', value: {} }],
    ['a value of another type', { at: AT, value: 'x' }],
    ['a value that is too large', { at: AT, value: { text: 'x'.repeat(MAX_PROGRESS_BYTES) } }],
    ['a value that is nested too deeply', { at: AT, value: nested(9) }],
  ])('of a stranger is ignored where it is %s, and the lock stays a lock', (_, progress) => {
    expect(strange(progress)).toEqual(GO_RECORD);
  });

  it('is refused before any request where it cannot be written', () => {
    const next = (value: unknown, room = Infinity): unknown => nextProgress(undefined, value, new Date(AT), room);
    const code = 'ERR_LOCK_OPTION';
    for (const value of [undefined, null, 7, 'x', [1], { a: 1n }, nested(9)]) {
      expect(() => next(value)).toThrow(expect.objectContaining({ code }));
    }
    expect(() => next({ text: 'x'.repeat(1024) })).toThrow(
      /^progress must take at most 1024 bytes in the lock file, not 10/,
    );
    expect(() => next({ done: 1 }, 5)).toThrow(/at most 5 bytes/);
    expect(next({ done: 1 })).toEqual({ at: new Date(AT), value: { done: 1 } });
  });

  it('is as old as the last value that was new, by the clocks of the store and the holder', () => {
    const last = { at: new Date(AT), value: { done: 1, by: { a: 1 } } };
    expect(nextProgress(last, { by: { a: 1 }, done: 1 }, new Date(), Infinity)).toBe(last);
    expect(nextProgress(last, { done: 2 }, new Date(AT), Infinity)).not.toBe(last);
    // Reported ten minutes after the lock was acquired.
    expect(progressAgeMs(RECORD, 24 * MINUTE)).toBe(14 * MINUTE);
    // A holder may lie, or set its clock.
    expect(progressAgeMs(RECORD, 5 * MINUTE)).toBe(0);
    expect(progressAgeMs({ ...RECORD, progress: { at: new Date(0), value: {} } }, MINUTE)).toBe(MINUTE);
    expect(progressAgeMs(GO_RECORD, MINUTE)).toBeUndefined();
    expect(progressAgeMs(RECORD, undefined)).toBeUndefined();
  });

  it('is shown to people in words, with the time without any, and harmless on a terminal', () => {
    const words = (value: LockRecord['note'], ageMs = 24 * MINUTE): string | undefined =>
      describeProgress({ ...RECORD, progress: { at: new Date(AT), value: value ?? {} } }, ageMs);
    expect(words({ done: 12, total: 40, text: 'b.csv' })).toBe('12 of 40, b.csv (no progress for 14m 0s)');
    expect(words({ done: 12 }, 10 * MINUTE + 5000)).toBe('12 (5s ago)');
    expect(words({ text: '\u001b[2J' })).toBe('\\u{1b}[2J (no progress for 14m 0s)');
    expect(words({ done: 'x', rows: 1 })).toBe('{"done":"x","rows":1} (no progress for 14m 0s)');
    expect(words({ text: 'y'.repeat(900) })).toHaveLength(160 + '… (no progress for 14m 0s)'.length);
    const path = '/inbox/data.csv.lock';
    const held = { path, record: RECORD, ageMs: 24 * MINUTE, expiresInMs: 1000 };
    expect(describeContention(held)).toMatch(/unless renewed; 12 of 40 \(no progress for 14m 0s\)$/);
  });
});
