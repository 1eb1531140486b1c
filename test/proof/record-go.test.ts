import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { decodeRecord, encodeRecord, type LockRecord } from '../../src/lock/model/record.js';
import { GO_RECORD, goRecords } from '../support/records.js';

const FIXTURES = fileURLToPath(new URL('../../fixtures/', import.meta.url));
const GOLDEN = join(FIXTURES, 'records');
const OFFLINE = { ...process.env, GOTOOLCHAIN: 'local', GOPROXY: 'off', GOFLAGS: '', GOWORK: 'off' };

const DAY_MS = 86_400_000;
const CREATED_MS = Date.parse('2026-11-20T23:43:35.299Z');

const GO = GO_RECORD;

const RENEWED: LockRecord = {
  ...GO,
  ttlMs: 420_500,
  lockId: 'a-lock',
  nonce: 'a-nonce',
  renewedAt: new Date(CREATED_MS + 120_500),
  renewals: 2,
  bootId: 'a-boot',
  processStart: '234569',
  namespace: 'pid:[1] time:[2]',
  fencingToken: '7',
  graceMs: 5000,
  note: { createdAt: 'not this one', ttl: 'nor this', text: '<&>\u2028' },
  released: true,
};

function hasGo(): boolean {
  const version = /^go(\d+)\.(\d+)/.exec(
    spawnSync('go', ['env', 'GOVERSION'], { encoding: 'utf8', env: OFFLINE }).stdout,
  );
  return version !== null && Number(version[1]) * 1000 + Number(version[2]) >= 1022;
}

describe.skipIf(!process.env.CI && !hasGo())('records and the real Go (needs Go 1.22+)', () => {
  let dir: string;
  let program: string;

  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'vfs-lockfile-go-'));
    program = join(dir, 'records');
    execFileSync('go', ['build', '-o', program, '.'], { cwd: join(FIXTURES, 'go'), env: OFFLINE });
  });

  afterAll(() => {
    rmSync(dir, { recursive: true });
  });

  const go = (...args: string[]): string => execFileSync(program, args, { encoding: 'utf8' });
  const folder = (name: string): string => {
    mkdirSync(join(dir, name));
    return join(dir, name);
  };

  const goReadsFile = (path: string, nowMs: number, dialect = '1.1'): unknown =>
    JSON.parse(go('read', '-dialect', dialect, '-now', new Date(nowMs).toISOString(), path));

  const goReads = (record: LockRecord, nowMs = CREATED_MS): unknown => {
    const path = join(dir, 'record.json');
    writeFileSync(path, encodeRecord(record));
    return goReadsFile(path, nowMs);
  };

  it('the golden files are what Go writes today', () => {
    const fresh = folder('golden');
    go('golden', fresh);
    const names = readdirSync(fresh);
    expect(names).toEqual(readdirSync(GOLDEN).filter((name) => name.startsWith('go-')));
    for (const name of names) {
      expect(readFileSync(join(fresh, name), 'utf8'), name).toBe(readFileSync(join(GOLDEN, name), 'utf8'));
    }
  });

  it('Go reads a lock that we took, and calls it stale when its ttl has passed', () => {
    const understood = {
      createdAt: '2026-11-20T23:43:35.299Z',
      ttl: '5m0s',
      hostname: 'vm',
      pid: 20900,
      ownerId: 'ingest-1',
    };
    expect(goReads(GO, CREATED_MS + 300_000)).toEqual({ ...understood, stale: false });
    expect(goReads(GO, CREATED_MS + 300_001)).toEqual({ ...understood, stale: true });
  });

  it('Go reads a lock that we renewed, and calls it stale only when its renewed lease has passed', () => {
    const understood = {
      createdAt: '2026-11-20T23:43:35.299Z',
      ttl: '7m0.5s',
      hostname: 'vm',
      pid: 20900,
      ownerId: 'ingest-1',
    };
    expect(goReads(RENEWED, CREATED_MS + 420_500)).toEqual({ ...understood, stale: false });
    expect(goReads(RENEWED, CREATED_MS + 420_501)).toEqual({ ...understood, stale: true });
  });

  it('Go never calls a lock stale that never expires', () => {
    const never = { ...GO, ttlMs: Infinity, leaseMs: Infinity };
    expect(goReads(never, CREATED_MS + 100_000 * DAY_MS)).toMatchObject({ ttl: '0s', stale: false });
  });

  it('Go reads a ttl of more nanoseconds than a double counts, to the nanosecond', () => {
    for (const days of [105, 200, 3652]) {
      const ttlMs = days * DAY_MS + 1;
      expect(ttlMs * 1e6).toBeGreaterThan(Number.MAX_SAFE_INTEGER);
      const understood = goReads({ ...GO, ttlMs, leaseMs: ttlMs }, CREATED_MS + ttlMs);
      expect(understood).toMatchObject({ ttl: `${days * 24}h0m0.001s`, stale: false });
    }
  });

  it('Go reads a ttl beyond its own range as the longest that it knows, and one that has passed as stale', () => {
    expect(goReads({ ...GO, ttlMs: Number.MAX_VALUE })).toMatchObject({
      ttl: expect.stringMatching(/^2562047h47m/) as string,
    });
    expect(goReads({ ...GO, ttlMs: -5 }, CREATED_MS + 1)).toMatchObject({ ttl: '1ns', stale: true });
  });

  it('Go reads what only we can have written, in its order and ours', () => {
    for (const name of ['ours-fresh', 'ours-full', 'ours-renewed-for-ever']) {
      expect(goReadsFile(join(GOLDEN, `${name}.json`), CREATED_MS), name).toMatchObject({ hostname: 'vm', pid: 20900 });
    }
  });

  it('Go and we agree on what every golden file says', () => {
    for (const name of readdirSync(GOLDEN).filter((file) => /^(go|ours)-/.test(file))) {
      const record = decodeRecord(readFileSync(join(GOLDEN, name)));
      const understood = goReadsFile(join(GOLDEN, name), CREATED_MS, name.startsWith('go-1.0') ? '1.0' : '1.1') as {
        readonly createdAt: string;
      };
      expect(understood, name).toMatchObject({
        hostname: record?.hostname,
        pid: record?.pid,
        ownerId: record?.ownerId,
      });
      const createdMs = Date.parse(understood.createdAt);
      expect(record?.createdAt?.getTime(), name).toBe(
        new Date(createdMs).getUTCFullYear() === 1 ? undefined : createdMs,
      );
    }
  });

  it('a record of the five Go fields is byte for byte what Go makes of it, and the first lines of ours are too', () => {
    const [from, to] = [folder('ours'), folder('rewritten')];
    const { samples, seed } = sampled(500);
    for (const [index, record] of samples.entries()) writeFileSync(join(from, `${index}`), encodeRecord(record));
    writeFileSync(join(from, 'renewed'), encodeRecord(RENEWED));
    go('rewrite', from, to);
    for (const index of samples.keys()) {
      expect(readFileSync(join(to, `${index}`), 'utf8'), seed).toBe(readFileSync(join(from, `${index}`), 'utf8'));
    }
    const start = readFileSync(join(to, 'renewed'), 'utf8').slice(0, -2);
    expect(readFileSync(join(from, 'renewed'), 'utf8').startsWith(`${start},\n  "lockId"`)).toBe(true);
  });

  it.each(['1.0', '1.1'])('we read whatever Go writes in dialect %s', (dialect) => {
    const [from, to] = [folder(`from-${dialect}`), folder(`to-${dialect}`)];
    const { samples, seed } = sampled(200);
    for (const [index, record] of samples.entries()) {
      const text = Buffer.from(encodeRecord(record)).toString();
      const spelled = text.replace('"createdAt":', '"created_at":').replace('"ownerId":', '"owner_id":');
      writeFileSync(join(from, `${index}`), dialect === '1.0' ? spelled : text);
    }
    go('rewrite', '-dialect', dialect, from, to);
    for (const [index, record] of samples.entries()) {
      expect(decodeRecord(readFileSync(join(to, `${index}`))), seed).toEqual(record);
    }
  });
});

function sampled(numRuns: number): { readonly samples: readonly LockRecord[]; readonly seed: string } {
  const seed = Date.now();
  return { samples: fc.sample(goRecords, { seed, numRuns }), seed: `seed ${seed}` };
}
