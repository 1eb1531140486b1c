import { describe, expect, it } from 'vitest';

import { describeContention } from '../../../../src/lock/model/holder.js';
import { GO_RECORD } from '../../../support/records.js';

const DAY_MS = 86_400_000;
const HELD = { path: '/inbox/data.csv.lock', record: { ...GO_RECORD, lockId: '0f0e\u{1b}' }, expiresInMs: Infinity };

describe('the sentence on who holds a lock', () => {
  it('says since when in days and by the date with its time zone, until when, and by which id', () => {
    const sentence = describeContention({ ...HELD, ageMs: 12 * DAY_MS + 1000 });
    const date = new Date(Date.now() - 12 * DAY_MS - 1000).toISOString().slice(0, 10);
    expect(sentence).toMatch(/is held by ingest-1 \(process 20900 on vm\): acquired 12d 0h ago/);
    expect(sentence).toContain(`(${date} `);
    expect(sentence).toMatch(/ UTC\), its lease never ends, its id is 0f0e\\u\{1b\}$/);
  });

  it('is a sentence whatever the age, and without an id where the record has none', () => {
    for (const ageMs of [NaN, Infinity, 9e15]) expect(describeContention({ ...HELD, ageMs })).toMatch(/held by/);
    expect(describeContention({ ...HELD, record: GO_RECORD, ageMs: 5000 })).toMatch(/its lease never ends$/);
  });
});
