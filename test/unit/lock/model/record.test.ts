import { deepStrictEqual } from 'node:assert';
import { readdirSync, readFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { LockOptionError } from '../../../../src/util/option-error.js';
import {
  decodeRecord,
  encodeRecord,
  type LockRecord,
  MAX_RECORD_BYTES,
  printable,
} from '../../../../src/lock/model/record.js';
import { GO_RECORD, records } from '../../../support/records.js';

const FIXTURES = new URL('../../../../fixtures/records/', import.meta.url);
const fixture = (name: string): Buffer => readFileSync(new URL(`${name}.json`, FIXTURES));
const bytes = (text: string): Uint8Array => Buffer.from(text);
const decodeText = (text: string): LockRecord | undefined => decodeRecord(bytes(text));

const GO = GO_RECORD;

const FRESH: LockRecord = {
  ...GO,
  lockId: '0f0e0d0c0b0a09080706050403020100',
  nonce: '5f2b8c1d9e3a47608b1c2d3e4f506172',
  bootId: 'bb7e1f83-db13-4ce7-8987-2b4f6fdc4c00',
  processStart: '234569',
  namespace: 'pid:[4026531836] time:[4026531834]',
};

const FULL: LockRecord = {
  ...FRESH,
  ttlMs: 420_500,
  renewedAt: new Date('2026-11-20T23:45:35.799Z'),
  renewals: 2,
  fencingToken: '7',
  graceMs: 5000,
  note: { job: 'R&D <nightly>', parts: [1, 2.5, null], empty: {} },
  released: true,
};

const NEVER = { ttlMs: Infinity, leaseMs: Infinity };

describe('a record', () => {
  it.each<[string, LockRecord]>([
    ['go-1.1', GO],
    ['go-1.1-no-owner', { ...GO, ownerId: '' }],
    ['go-1.1-never-expires', { ...GO, ...NEVER }],
    ['go-1.1-trimmed-fraction', { ...GO, createdAt: new Date('2026-11-20T23:43:35.300Z') }],
    ['go-1.1-whole-second', { ...GO, createdAt: new Date('2026-11-20T23:43:35Z') }],
    ['go-1.1-html', { ...GO, ownerId: '<a href="x">R&D</a>\u2028\u2029\tß \u{1f512}' }],
    ['go-1.1-year-one', { ...GO, createdAt: undefined }],
    ['ours-fresh', FRESH],
    ['ours-full', FULL],
    ['ours-renewed-for-ever', { ...GO, ttlMs: Infinity, leaseMs: 60_000, renewals: 1 }],
  ])('is read from %s.json and written back to the very same bytes', (name, record) => {
    deepStrictEqual(decodeRecord(fixture(name)), record);
    expect(Buffer.from(encodeRecord(record)).toString()).toBe(fixture(name).toString());
  });

  it.each<[string, LockRecord]>([
    ['go-1.0', GO],
    ['go-1.0-no-owner', { ...GO, ownerId: '' }],
    ['go-1.1-nanoseconds', GO],
    ['go-1.1-offset', GO],
    ['go-1.1-longest-ttl', { ...GO, ttlMs: 2 ** 63 / 1e6, leaseMs: 2 ** 63 / 1e6 }],
    ['odd-future', { ...GO, createdAt: new Date('9999-11-20T23:43:35.299Z') }],
    ['odd-no-created-at', { ...GO, createdAt: undefined, ownerId: '' }],
    ['odd-created-at-is-no-time', { ...GO, createdAt: undefined, ownerId: '' }],
    ['odd-both-dialects', { ...GO, ownerId: 'new' }],
  ])('is read from %s.json', (name, record) => {
    deepStrictEqual(decodeRecord(fixture(name)), record);
  });

  it('has an unknown age when its createdAt is no time that Go could have written', () => {
    const createdAt = (text: string): Date | undefined =>
      decodeText(JSON.stringify({ ttl: 1, createdAt: text }))?.createdAt;
    expect(createdAt('2026-11-20T23:43:35.299999999Z')).toEqual(GO.createdAt);
    expect(createdAt('2024-02-29T12:00:00-00:30')).toEqual(new Date('2024-02-29T12:30:00Z'));
    for (const text of [
      ...['2026-02-29T00:00:00Z', '2026-13-01T00:00:00Z', '2026-00-10T00:00:00Z', '2026-01-01T24:00:00Z'],
      ...['2026-06-30T23:59:60Z', '2026-01-01', '2026-01-01T00:00:00', '2026-01-01 00:00:00Z', '2026-01-01t00:00:00z'],
      ...[
        '+002026-01-01T00:00:00Z',
        '2026-01-01T00:00:00,5Z',
        '2026-01-01T00:00:00+24:00',
        '1767225600000',
        '',
        'null',
      ],
      ...['0001-01-01T00:00:00Z', '0001-01-01T05:30:00+05:30', '0000-01-01T00:00:00Z', ' 2026-01-01T00:00:00Z'],
    ]) {
      expect(createdAt(text), text).toBeUndefined();
    }
  });

  it('without a lease lives for its ttl, and without a ttl for its lease', () => {
    expect(decodeText('{"ttl":1500000}')).toMatchObject({ ttlMs: 1.5, leaseMs: 1.5 });
    expect(decodeText('{"lease":60000}')).toMatchObject({ ttlMs: 60_000, leaseMs: 60_000 });
    expect(decodeText('{"ttl":0,"lease":60000}')).toMatchObject({ ttlMs: Infinity, leaseMs: 60_000 });
    expect(decodeText('{"ttl":1000000,"lease":0}')).toMatchObject({ ttlMs: 1, leaseMs: Infinity });
  });

  it('may stand in white space and have members that nobody knows', () => {
    expect(decodeText('\r\n\t {"ttl":1000000,"future":{"x":[1]},"TTL":2}\n\n')).toMatchObject({ ttlMs: 1 });
  });

  it('writes no text that is empty and no figure that says nothing', () => {
    const json = Buffer.from(encodeRecord({ ...GO, hostname: '', pid: 0, ownerId: '' })).toString();
    expect(Object.keys(JSON.parse(json) as object)).toEqual(['createdAt', 'ttl', 'hostname', 'pid']);
  });

  it('never says "never" for a span that has already ended, and never passes the 64 bits of Go', () => {
    const ttl = (ttlMs: number): string | undefined =>
      /"ttl": (.*),/.exec(Buffer.from(encodeRecord({ ...GO, ttlMs })).toString())?.[1];
    expect([ttl(0), ttl(-5000), ttl(1e-9), ttl(0.5), ttl(Infinity)]).toEqual(['1', '1', '1', '500000', '0']);
    expect(ttl(200 * 86_400_000)).toBe('17280000000000000');
    for (const huge of [1e13, 1e15, 1e20, Number.MAX_VALUE]) {
      expect(ttl(huge)).toMatch(/^\d+$/);
      expect(BigInt(ttl(huge) ?? '') < 2n ** 63n).toBe(true);
    }
    expect(decodeRecord(encodeRecord({ ...GO, leaseMs: 0 }))).toMatchObject({ leaseMs: 1 });
    expect(decodeRecord(encodeRecord({ ...GO, leaseMs: 0.2 }))).toMatchObject({ leaseMs: 1 });
  });

  it('comes back from its own bytes as it was', () => {
    fc.assert(
      fc.property(records, (record) => {
        deepStrictEqual(decodeRecord(encodeRecord(record)), record);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('an unreadable record', () => {
  const names = readdirSync(FIXTURES).filter((name) => name.startsWith('unreadable-'));

  it('has golden files of every kind', () => {
    expect(names.length).toBeGreaterThan(15);
  });

  it.each(names)('%s is told as undefined', (name) => {
    expect(decodeRecord(fixture(name.replace(/\.json$/, '')))).toBeUndefined();
  });

  it('is one cut off at any byte', () => {
    for (const name of ['go-1.0', 'go-1.1-html', 'ours-full']) {
      const whole = fixture(name);
      for (let length = 0; length < whole.length; length += 1) {
        expect(decodeRecord(whole.subarray(0, length)), `${name} up to ${length}`).toBeUndefined();
      }
    }
  });

  it('is one followed by NUL bytes, as a crash may leave it', () => {
    expect(decodeRecord(Buffer.concat([fixture('ours-full'), Buffer.alloc(8)]))).toBeUndefined();
  });

  it('is one of more than 64 KiB, up to 10 MB and more', () => {
    const padded = (size: number): Uint8Array => bytes('{"ttl":1}'.padEnd(size));
    expect(decodeRecord(padded(MAX_RECORD_BYTES))).toBeDefined();
    expect(decodeRecord(padded(MAX_RECORD_BYTES + 1))).toBeUndefined();
    expect(decodeRecord(padded(10_000_000))).toBeUndefined();
  });

  const text = [null, true, 5, [], {}, ['x']];
  const figure = [null, true, '5', [], {}, [5]];
  const span = [...figure, -1, -0.001];
  it.each(
    Object.entries({
      ...{
        createdAt: text,
        created_at: text,
        hostname: text,
        ownerId: text,
        owner_id: text,
        lockId: text,
        nonce: text,
      },
      ...{ renewedAt: text, bootId: text, processStart: text, namespace: text, fencingToken: text },
      ...{ ttl: [...span, 0.5], lease: span, grace: span, renewals: [...span, 0.5], pid: [...figure, 0.5] },
      ...{ note: [null, true, 5, 'x', [], [{}]], released: [null, 0, 1, 'true', [], {}] },
    }),
  )('is one whose %s has the wrong type', (name, wrong) => {
    for (const value of wrong) {
      const json = JSON.stringify({ ttl: 1, lease: 1, createdAt: '2026-01-01T00:00:00Z', ownerId: 'x', [name]: value });
      expect(decodeText(json), json).toBeUndefined();
    }
  });

  it('is one with figures beyond all numbers', () => {
    for (const json of ['{"ttl":1e999}', '{"lease":1e999}', '{"ttl":1,"grace":1e999}', '{"ttl":1,"pid":-1e999}']) {
      expect(decodeText(json), json).toBeUndefined();
    }
  });

  it('never makes the decoder throw, whatever the bytes', () => {
    const damaged = fc
      .tuple(
        fc.constantFrom('go-1.0', 'go-1.1-html', 'ours-full'),
        fc.nat(),
        fc.uint8Array({ maxLength: 4 }),
        fc.nat(8),
      )
      .map(([name, at, instead, gap]) => {
        const whole = fixture(name);
        const start = at % whole.length;
        return Buffer.concat([whole.subarray(0, start), instead, whole.subarray(start + gap)]);
      });
    const known = Object.keys(JSON.parse(fixture('ours-full').toString()) as object);
    const json = fc.dictionary(fc.constantFrom(...known, '__proto__', 'created_at', 'owner_id'), fc.jsonValue());
    const anyBytes = fc.oneof(
      fc.uint8Array(),
      damaged,
      fc.oneof(json, fc.jsonValue()).map((value) => bytes(JSON.stringify(value))),
    );
    fc.assert(
      fc.property(anyBytes, (data) => {
        const record = decodeRecord(data);
        if (record === undefined) return;
        expect(record.ttlMs).toBeGreaterThan(0);
        expect(record.leaseMs).toBeGreaterThan(0);
        expect(record.graceMs).toBeGreaterThanOrEqual(0);
        expect(record.createdAt?.getTime()).not.toBeNaN();
        expect(decodeRecord(encodeRecord(record))).toBeDefined();
      }),
      { numRuns: 5000 },
    );
  });
});

describe('a record with __proto__ keys', () => {
  it('pollutes nothing, and its note stays plain data', () => {
    const record = decodeRecord(fixture('odd-proto'));
    expect(record).toMatchObject({ ttlMs: 300_000, hostname: 'vm' });
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(Object.getPrototypeOf(record)).toBe(Object.prototype);
    const note = record?.note ?? {};
    expect(Object.getPrototypeOf(note)).toBe(Object.prototype);
    expect(Object.keys(note)).toEqual(['__proto__', 'constructor']);
    expect(note.polluted).toBeUndefined();
  });

  it('gets no field from a prototype that somebody else polluted', () => {
    Object.assign(Object.prototype, { hostname: 'polluted', ttl: 1, released: true });
    try {
      expect(decodeText('{"lease":5}')).toMatchObject({ hostname: '', ttlMs: 5, released: false });
    } finally {
      for (const name of ['hostname', 'ttl', 'released']) Reflect.deleteProperty(Object.prototype, name);
    }
  });
});

describe('a note', () => {
  const nested = (levels: number): Record<string, unknown> => (levels === 1 ? {} : { inner: nested(levels - 1) });
  const circular: Record<string, unknown> = {};
  circular.self = circular;

  it('may be 64 levels deep', () => {
    expect(decodeRecord(encodeRecord({ ...GO, note: nested(64) }))?.note).toEqual(nested(64));
  });

  it.each<[string, unknown]>([
    ['65 levels deep', nested(65)],
    ['circular', circular],
    ['an array', []],
    ['a date', new Date(0)],
    ['a function', () => ({})],
    ['holding a bigint', { n: 1n }],
    ['text', 'x'],
  ])('is refused when it is %s', (_what, note) => {
    const encode = (): Uint8Array => encodeRecord({ ...GO, note: note as Record<string, unknown> });
    expect(encode).toThrow(LockOptionError);
    expect(encode).toThrow(/^note must be/);
  });

  it('is refused when the record would pass 64 KiB, with the size in the message', () => {
    const room = MAX_RECORD_BYTES - encodeRecord({ ...GO, note: { x: '' } }).length;
    expect(encodeRecord({ ...GO, note: { x: 'x'.repeat(room) } }).length).toBe(MAX_RECORD_BYTES);
    expect(() => encodeRecord({ ...GO, note: { x: 'x'.repeat(room + 1) } })).toThrow(/takes 65537 bytes/);
    expect(() => encodeRecord({ ...GO, ownerId: '<'.repeat(MAX_RECORD_BYTES / 6) })).toThrow(LockOptionError);
  });
});

describe('printable text', () => {
  it('keeps what people write', () => {
    const text = 'Zoë’s host-1 [naïve] 日本 \u{1f512} C:\\dir "q" <a&b>';
    expect(printable(text)).toBe(text);
  });

  it('has no escape sequences, line breaks or changes of direction left', () => {
    const record = decodeRecord(fixture('odd-escape-sequences'));
    expect(printable(record?.hostname ?? '')).toBe('\\u{1b}[2J\\u{1b}]0;pwned\\u{7}');
    expect(printable(record?.ownerId ?? '')).toBe('root\\u{d}\\u{a}\\u{202e}gnp.exe\\u{9b}31m\\u{2028}');
    expect(printable('\u0000\t\u007f\u0085\u200e\u2066\u2029\ufeff\ud800')).toBe(
      '\\u{0}\\u{9}\\u{7f}\\u{85}\\u{200e}\\u{2066}\\u{2029}\\u{feff}\\u{d800}',
    );
  });

  it('is safe whatever the text was, and stays as it is when made printable again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const safe = printable(text);
        // eslint-disable-next-line no-control-regex
        expect(safe).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/);
        expect(printable(safe)).toBe(safe);
      }),
      { numRuns: 1000 },
    );
  });
});
