import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { encodeRecord } from '../../../src/lock/model/record.js';
import { foreign } from '../operate/locks.js';

/** Node 24 lets 100 MB of what nobody needs any more pile up before it looks; what is kept is the question here. */
const LITTLE_GARBAGE = ['--max-semi-space-size=8'];

interface Told {
  readonly listed: number;
  readonly names: number;
  readonly namesAtFirst: number;
  readonly left: number;
  readonly maxRssMb: number;
}

export function manyLocksSuite(locks: number): void {
  it(
    `${locks.toLocaleString('en')} locks in one folder are listed and swept within 150 MB, the first of them at once`,
    { timeout: 1_200_000 },
    () => {
      const folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-many-'));
      try {
        const record = encodeRecord(foreign({ ttlMs: Infinity, leaseMs: Infinity }));
        for (let n = 0; n < locks; n += 1) writeFileSync(join(folder, `file ${n}.lock`), record);
        const child = join(import.meta.dirname, 'many-child.mjs');
        const told = JSON.parse(
          execFileSync(process.execPath, [...LITTLE_GARBAGE, child, folder], { encoding: 'utf8' }),
        ) as Told;
        console.log(JSON.stringify(told));
        expect([told.listed, told.names, told.left]).toEqual([locks, locks, locks]);
        expect(told.namesAtFirst).toBeLessThan(100);
        expect(told.maxRssMb).toBeLessThan(150);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  );
}
