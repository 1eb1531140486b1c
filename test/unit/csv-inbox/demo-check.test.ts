import { Readable } from 'node:stream';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { audit } from '../../../examples/csv-inbox/audit.js';
import type { FinishedFile } from '../../../examples/csv-inbox/ledger.js';
import type { Takeover } from '../../../examples/csv-inbox/messages.js';
import type { SampleFile } from '../../../examples/csv-inbox/sample-files.js';
import { merge, Tally } from '../../../examples/csv-inbox/tally.js';
import { findProblems, type Outcome } from '../../../examples/csv-inbox/checks.js';

type Records = readonly (readonly string[])[];

function sampleFile(name: string, records: Records): SampleFile {
  const lines = records.map((record) => record.map((value) => `"${value.replaceAll('"', '""')}"`).join(','));
  return { name, read: () => Readable.from([Buffer.from(`${lines.join('\n')}\n`)]) };
}

/** The summary by a worker that stores a batch every `batchRows` rows. */
function finished(file: string, records: Records, batchRows: number): FinishedFile {
  const tally = new Tally();
  const batches = [];
  for (const record of records) {
    tally.add(record);
    if (tally.rows === batchRows) batches.push(tally.take());
  }
  return { file, worker: 'worker-1', ...merge([...batches, tally.take()]) };
}

/** The exits of a worker that finished and of the one that was killed. */
const EXITS = [
  { worker: 'worker-1', pid: 11, code: 0, signal: null },
  { worker: 'worker-2', pid: 12, code: null, signal: 'SIGKILL' },
] as const;

describe('the final check', () => {
  const people: Records = [
    ['name', 'age'],
    ['Ada', '36'],
    ['Grace', '85'],
    ['Émilie', '42.5'],
    ['"Bob"', ''],
  ];
  const [header, first, second] = [
    ['code', 'lat'],
    ['0O5', '38.5'],
    ['3E5', '-1e1'],
  ] as const;
  const codes: Records = [header, first, second];
  const expected = () => Promise.all([audit(sampleFile('people.csv', people)), audit(sampleFile('codes.csv', codes))]);
  const [a, b] = [finished('people.csv', people, 2), finished('codes.csv', codes, 2)];
  const takeover: Takeover = { reason: 'dead-process', pid: 12, leaseLeftMs: 55_000, discardedRows: 2 };
  const taken = { file: 'people.csv', worker: 'worker-1', takeover };
  const good: Outcome = {
    finished: [a, b],
    unfinished: [],
    inbox: ['archive/codes.csv', 'archive/people.csv', 'summary.json'],
    stopped: 'worker-1',
    refusals: [{ worker: 'worker-1', late: { token: '7', by: '8' } }],
    summary: [a, b],
    locks: [],
    exits: EXITS,
    killed: { worker: 'worker-2', pid: 12, file: 'people.csv', rows: 2 },
    takeovers: [taken],
  };
  const takenOver = (change: Partial<Takeover>): Partial<Outcome> => ({
    takeovers: [{ ...taken, takeover: { ...takeover, ...change } }],
  });

  it('finds no problem in a successful run', async () => {
    expect(findProblems(await expected(), good)).toEqual([]);
  });

  it.each<[string, Partial<Outcome>, string]>([
    ['was lost', { finished: [a] }, 'codes.csv was never finished'],
    [
      'was finished twice',
      { finished: [a, b, { ...b, worker: 'worker-2' }] },
      'codes.csv was finished 2 times, by worker-1 and worker-2',
    ],
    ['lacks its last row', { finished: [finished('people.csv', people.slice(0, -1), 2), b] }, 'people.csv: rows is 3'],
    [
      'has two rows in another order',
      { finished: [a, finished('codes.csv', [header, second, first], 2)] },
      'codes.csv, column code: checksum is',
    ],
    [
      'has a total that is off by a hair',
      { finished: [{ ...a, columns: a.columns.map((column) => ({ ...column, total: 163.500001 })) }, b] },
      'people.csv, column age: total is 163.500001, and should be 163.5',
    ],
    ['came from nowhere', { finished: [a, b, { ...a, file: 'c.csv' }] }, 'c.csv was finished, but never put in'],
    ['is not in the archive', { inbox: ['archive/people.csv'] }, 'archive/codes.csv is missing'],
    ['is still locked', { inbox: [...good.inbox, 'codes.csv.lock'] }, 'codes.csv.lock was left over in the inbox'],
    ['left work undone', { unfinished: ['codes.csv'] }, 'unfinished work on codes.csv was left over in the ledger'],
    ['left the ledger locked', { locks: ['ledger.lock'] }, 'ledger.lock was left over at the ledger'],
    ['was nobody’s last one', { killed: undefined }, 'no worker was killed'],
    ['was not taken over', { takeovers: [] }, 'nobody took people.csv over from worker-2'],
    ['was taken over twice', { takeovers: [taken, taken] }, 'there were more takeovers than one'],
    [
      'is not the one taken over',
      { takeovers: [{ ...taken, file: 'codes.csv' }] },
      'codes.csv was taken over, and not',
    ],
    ['was taken over from a living worker', takenOver({ pid: 11 }), 'people.csv was taken over from process 11'],
    ['was taken over for its age', takenOver({ reason: 'expired' }), 'taken over for the reason expired'],
    ['was taken over too late', takenOver({ leaseLeftMs: 29_999 }), 'taken over only when its lease was half over'],
    ['was taken over at no known time', takenOver({ leaseLeftMs: NaN }), 'only when its lease was half over'],
    ['was not cleaned up', takenOver({ discardedRows: 1 }), 'taken over without clearing away its 2 rows'],
    ['was summarised by nobody who was stopped', { stopped: undefined }, 'no worker was stopped'],
    ['was summarised by a zombie', { refusals: [] }, 'worker-1 was stopped past its lease, and its late write was not'],
    [
      'was summarised by the higher token',
      { refusals: [{ worker: 'worker-1', late: { token: '8', by: '7' } }] },
      'its late write was not refused',
    ],
    ['is not in the summary', { summary: [a] }, 'the figures in summary.json are not those of the ledger'],
    ['was a failing worker’s', { exits: [{ ...EXITS[0], code: 1 }, EXITS[1]] }, 'worker-1 ended with exit code 1'],
  ])('reports that a file %s', async (_what, change, problem) => {
    const problems = findProblems(await expected(), { ...good, ...change });
    expect(problems).toEqual(expect.arrayContaining([expect.stringContaining(problem)]));
  });
});

describe('a summary made in batches', () => {
  const odd = [
    '0O5',
    '0x1F',
    '0b1',
    'Infinity',
    '-Infinity',
    'NaN',
    '1e999',
    ' 12 ',
    '.5',
    '5.',
    '.',
    '+7',
    '-0',
    '1e-3',
    '',
  ];
  const value = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom(...odd),
    fc.double({ min: -1e9, max: 1e9, noNaN: true }).map(String),
  );
  const table = fc
    .integer({ min: 1, max: 4 })
    .chain((width) => fc.array(fc.array(value, { minLength: width, maxLength: width }), { minLength: 1 }));

  it('equals one made of the whole file at once', async () => {
    await fc.assert(
      fc.asyncProperty(table, fc.integer({ min: 1, max: 5 }), async (records, batchRows) => {
        const expected = await audit(sampleFile('a.csv', records));
        const problems = findProblems([expected], { ...NOTHING, finished: [finished('a.csv', records, batchRows)] });
        expect(problems.filter((problem) => problem.startsWith('a.csv'))).toEqual([]);
      }),
    );
  });

  const NOTHING: Outcome = {
    finished: [],
    unfinished: [],
    inbox: [],
    locks: [],
    exits: [],
    killed: undefined,
    takeovers: [],
    stopped: undefined,
    refusals: [],
    summary: undefined,
  };
});
