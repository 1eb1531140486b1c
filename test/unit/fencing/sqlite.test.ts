import sqlite from 'node-sqlite3-wasm';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { CLAIM_FENCE, FENCES, REPORTS, WRITE_REPORT } from '../../support/fencing-sql.js';

let database: sqlite.Database;
beforeEach(() => {
  database = new sqlite.Database(':memory:');
  database.exec(REPORTS);
  database.exec(FENCES);
});
afterEach(() => database.close());

/** How many rows the write changed. */
function write(body: string, token: bigint): number {
  return database.run(WRITE_REPORT, { $1: 'a', $2: body, $3: token }).changes;
}

test('SQLite writes a row with the same or a higher token, and refuses a lower one', () => {
  const outcomes = [write('one', 1n), write('three', 3n), write('two', 2n), write('three again', 3n)];
  expect(outcomes).toEqual([1, 1, 0, 1]);
  const largest = 2n ** 63n - 1n;
  expect([write('last', largest), write('late', largest - 1n)]).toEqual([1, 0]);
  expect(database.all('SELECT * FROM reports')).toEqual([{ id: 'a', body: 'last', fence: largest }]);
});

test('SQLite lets a transaction begin with the same or a higher token, and gives no row to a lower one', () => {
  const claim = (token: bigint): number => database.all(CLAIM_FENCE, { $1: 'orders', $2: token }).length;
  expect([claim(7n), claim(7n), claim(6n), claim(8n), claim(7n)]).toEqual([1, 1, 0, 1, 0]);
});
