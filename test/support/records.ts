import fc from 'fast-check';

import type { LockRecord } from '../../src/lock/model/record.js';

/** What Go writes in `fixtures/records/go-1.1.json`. */
export const GO_RECORD: LockRecord = {
  createdAt: new Date('2026-11-20T23:43:35.299Z'),
  ttlMs: 300_000,
  leaseMs: 300_000,
  hostname: 'vm',
  pid: 20900,
  ownerId: 'ingest-1',
  lockId: '',
  nonce: '',
  renewedAt: undefined,
  renewals: 0,
  bootId: '',
  machineId: '',
  processStart: '',
  namespace: '',
  processGroup: 0,
  fencingToken: '',
  graceMs: 0,
  via: '',
  user: '',
  command: [],
  tool: '',
  ended: undefined,
  note: undefined,
  progress: undefined,
  released: false,
};

const DAY_MS = 86_400_000;

const instants = fc.option(
  fc.date({
    min: new Date('0002-01-01T00:00:00Z'),
    max: new Date('9999-12-31T23:59:59.999Z'),
    noInvalidDate: true,
  }),
  { nil: undefined },
);

const spans = fc.oneof(fc.constant(Infinity), fc.integer({ min: 1, max: 18 * 365 * DAY_MS }));

const words = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 50 }),
  fc.string({ unit: fc.constantFrom('<', '>', '&', '\u2028', '\u2029', '"', '\\', '\u0001', '\b', '\u007f', 'é') }),
);

const notes = fc
  .dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 }), { maxKeys: 5 })
  .map((note) => JSON.parse(JSON.stringify(note)) as Record<string, unknown>);

const progress = fc.record(
  {
    at: fc.date({
      min: new Date('0002-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59.999Z'),
      noInvalidDate: true,
    }),
    value: fc.record({ done: fc.nat(), text: words }, { requiredKeys: [], noNullPrototype: true }),
  },
  { noNullPrototype: true },
);

const goFields = { createdAt: instants, ttlMs: spans, hostname: words, pid: fc.integer(), ownerId: words };

/** Records of which Go knows every field. */
export const goRecords: fc.Arbitrary<LockRecord> = fc
  .record(goFields)
  .map((fields) => ({ ...GO_RECORD, ...fields, leaseMs: fields.ttlMs }));

export const records: fc.Arbitrary<LockRecord> = fc.record(
  {
    ...goFields,
    leaseMs: spans,
    lockId: words,
    nonce: words,
    renewedAt: instants,
    renewals: fc.nat(),
    bootId: words,
    machineId: words,
    processStart: words,
    namespace: words,
    processGroup: fc.nat(),
    fencingToken: words,
    graceMs: fc.nat(),
    via: words,
    user: words,
    command: fc.array(words, { maxLength: 4 }),
    tool: words,
    ended: fc.option(fc.record({ lockId: words, by: words, reason: words }, { noNullPrototype: true }), {
      nil: undefined,
    }),
    note: fc.option(notes, { nil: undefined }),
    progress: fc.option(progress, { nil: undefined }),
    released: fc.boolean(),
  },
  { noNullPrototype: true },
);
