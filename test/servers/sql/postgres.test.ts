import { beforeAll, describe, expect, it } from 'vitest';

import { CLAIM_FENCE, FENCES, REPORTS, WRITE_REPORT } from '../../support/fencing-sql.js';
import { missingPostgres, startPostgres, type Postgres } from './postgres.js';

const missing = missingPostgres();

describe.skipIf(missing)(`PostgreSQL${missing ? ` ${missing}` : ''}`, () => {
  let postgres: Postgres;
  beforeAll(async () => {
    postgres = await startPostgres();
    await postgres.run(`${REPORTS}; ${FENCES}; CREATE TABLE log (id BIGSERIAL PRIMARY KEY, token BIGINT NOT NULL)`);
    return () => postgres.stop();
  });

  it('writes a row with the same or a higher token, and refuses a lower one', async () => {
    const write = async (body: string, token: bigint): Promise<number> => {
      const sql = `PREPARE w (text, text, bigint) AS ${WRITE_REPORT} RETURNING id; EXECUTE w ('a', '${body}', ${String(token)})`;
      return (await postgres.run(sql)).length;
    };
    const largest = 2n ** 63n - 1n;
    const outcomes: number[] = [];
    for (const token of [1n, 3n, 2n, 3n, largest, largest - 1n]) {
      outcomes.push(await write(`by ${String(token)}`, token));
    }
    expect(outcomes).toEqual([1, 1, 0, 1, 1, 0]);
    const found = await postgres.run('SELECT body, fence FROM reports');
    expect(found).toEqual([`by ${String(largest)}|${String(largest)}`]);
  });

  it('keeps the order of tokens among transactions that run at the same time', async () => {
    const tokens = Array.from({ length: 12 }, (_, index) => ((index * 7) % 12) + 1);
    // The statement of the page comes first; what follows happens only where it returned a row.
    const transaction = (token: number): string =>
      `PREPARE claim (text, bigint) AS WITH claimed AS (${CLAIM_FENCE}) INSERT INTO log (token) SELECT token FROM claimed RETURNING token;
       BEGIN; EXECUTE claim ('orders', ${String(token)}); SELECT FROM pg_sleep(0.02); COMMIT`;
    const outcomes = await Promise.all(tokens.map((token) => postgres.run(transaction(token))));
    const logged = (await postgres.run('SELECT token FROM log ORDER BY id')).map(Number);
    expect(logged).toEqual([...logged].sort((a, b) => a - b));
    expect(logged.at(-1)).toBe(12);
    expect(outcomes.filter((rows) => rows.length > 0)).toHaveLength(logged.length);
    expect(await postgres.run("SELECT token FROM fences WHERE resource = 'orders'")).toEqual(['12']);
  });
});
