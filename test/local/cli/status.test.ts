import { chmodSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import type { LockOptions } from '../../../src/index.js';
import {
  called,
  calledShared,
  eventually,
  matching,
  own,
  type Running,
  start,
  useFolder,
} from '../../support/cli/harness.js';

const folder = useFolder();
const file = (): string => join(folder(), 'data.csv');
const lock = (): string => `${file()}.lock`;

async function holding(options: LockOptions = {}): Promise<Running> {
  const [node, script] = own('hold.mjs');
  const holder = start(node, [script, file(), JSON.stringify(options)]);
  await eventually(() => expect(holder.stdout()).toBe('held\n'));
  return holder;
}

/** Writes a lock file as another process would have, that many seconds ago. */
function foreign(text: string | Uint8Array, secondsAgo = 0): void {
  writeFileSync(lock(), text);
  const time = Date.now() / 1000 - secondsAgo;
  utimesSync(lock(), time, time);
}

const elsewhere = { ttl: 60e9, hostname: 'elsewhere', pid: 77, ownerId: 'them' };

interface Status {
  readonly state: string;
  readonly [name: string]: unknown;
}

async function statusOf(expectedCode: number): Promise<Status> {
  const { code, stdout, stderr } = await calledShared(['status', file(), '--json']);
  expect(stderr).toBe('');
  expect(stdout).toMatch(/^[^\n]+\n$/);
  expect(code).toBe(expectedCode);
  return JSON.parse(stdout) as Status;
}

/** What `status` shows, one entry a line. */
async function shown(): Promise<Readonly<Record<string, string>>> {
  const { stdout } = await calledShared(['status', file()]);
  const [state = '', ...lines] = stdout.trimEnd().split('\n');
  return { state, ...Object.fromEntries(lines.map((line) => [line.split(' ', 1)[0] ?? '', line.slice(8)])) };
}

describe('status', () => {
  it('of a lock that nobody holds is free, whether or not there is a file', async () => {
    const free = await statusOf(0);
    expect(free).toEqual({
      ...{ schema: 1, type: 'lock', state: 'free', reason: null, file: file(), path: lock(), id: null, version: null },
      fencingToken: null,
      ...{ record: null, alive: null, foreign: null, timed: false },
      ...{ ageMs: null, idleMs: null, progressAgeMs: null, expiresInMs: null, waiters: [], error: null },
    });
    writeFileSync(file(), '');
    expect(await statusOf(0)).toEqual(free);
    expect(await shown()).toEqual({ state: 'free', file: file() });
  });

  it('of a held lock shows by whom, since when and for how long', async () => {
    const { pid } = await holding({ ownerId: 'me', ttl: '10m', note: { job: 7 } });
    const status = await statusOf(1);
    expect(status).toMatchObject({ state: 'held', reason: null, file: file(), path: lock(), alive: true });
    expect(status.record).toMatchObject({ ownerId: 'me', hostname: hostname(), pid, note: { job: 7 } });
    expect(status.record).toMatchObject({ renewals: 0, ttlMs: 600_000, leaseMs: 600_000 });
    const { ageMs, expiresInMs } = status as unknown as Record<string, number>;
    const { createdAt } = status.record as { readonly createdAt: string };
    expect(ageMs).toBeGreaterThanOrEqual(0);
    expect(ageMs! + expiresInMs!).toBeGreaterThanOrEqual(600_000);
    expect(ageMs! + expiresInMs!).toBeLessThan(601_000);
    expect(new Date(createdAt).getTime()).toBeGreaterThanOrEqual(Date.now() - 60_000);
    expect(await shown()).toEqual({
      ...{
        state: 'held',
        file: file(),
        lock: lock(),
        id: matching(/^[0-9a-f]{32}$/),
        who: `me, ${hostname()}, process ${pid} (alive)`,
      },
      ...{
        since: matching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d (UTC|[+-]\d\d:\d\d) \(\d+s ago\), never renewed$/),
        expires: matching(/^in (10m 0s|9m \d+s) unless renewed$/),
        note: '{"job":7}',
      },
    });
  });

  it('of a lock that never ends says so', async () => {
    await holding({ ttl: Infinity.toString() });
    expect(await statusOf(1)).toMatchObject({ state: 'held', record: { leaseMs: 'never' }, expiresInMs: 'never' });
    expect(await shown()).toMatchObject({ expires: 'never' });
  });

  it('of a lock whose process died is stale', async () => {
    const holder = await holding();
    holder.child.kill('SIGKILL');
    await holder.outcome;
    expect(await statusOf(2)).toMatchObject({ state: 'stale', reason: 'dead-process' });
    expect(await shown()).toMatchObject({
      state: 'stale (dead-process)',
      who: matching(/\(ended\)$/),
      expires: matching(/^now: its process has ended/),
    });
  });

  it('of a lock whose lease ended is stale, by the clock of the disk', async () => {
    foreign(JSON.stringify(elsewhere), 30);
    expect(await statusOf(1)).toMatchObject({ state: 'held' });
    foreign(JSON.stringify(elsewhere), 61);
    expect(await statusOf(2)).toMatchObject({ state: 'stale', reason: 'expired', expiresInMs: 0 });
    expect(await shown()).toMatchObject({
      state: 'stale (expired)',
      who: 'them, elsewhere, process 77 (alive? unknown: on another host)',
      expires: matching(/^now: the lease is over/),
    });
  });

  it('of a lock that cannot be read is neither held by anybody known nor free, and stale after the default lease', async () => {
    for (const content of ['', '{"createdAt":']) {
      foreign(content, 1);
      expect(await statusOf(3)).toMatchObject({ state: 'unreadable', reason: null, record: null });
      expect(await shown()).toMatchObject({
        state: 'unreadable',
        who: matching(/^unknown/),
        expires: matching(/^in \d+s unless renewed$/),
      });
      foreign(content, 31);
      expect(await statusOf(2)).toMatchObject({ state: 'stale', reason: 'unreadable' });
    }
  });

  it("U1: of another program's file is foreign, and shows what it is", async () => {
    for (const content of ['GEM\n', Buffer.from([0xff, 0xfe, 0]), '[]', 'x'.repeat(10_000_000)]) {
      foreign(content, 100_000);
      expect(await statusOf(4)).toMatchObject({
        state: 'foreign',
        reason: null,
        record: null,
        foreign: { kind: 'file' },
      });
      expect(await shown()).toMatchObject({ state: 'foreign', who: matching(/^another program: .*, begins "/) });
      expect(await called(['run', file(), '--', 'true'])).toMatchObject({
        code: 64,
        stderr: matching(/is left alone/),
      });
    }
  });

  it('of a tombstone is free', async () => {
    foreign(JSON.stringify({ ...elsewhere, released: true }));
    expect(await statusOf(0)).toMatchObject({ state: 'free', record: null });
  });

  it('prints nothing that a terminal would obey', async () => {
    const evil = '\u{1b}[31mred\u{9b}2J\n\r\u{202e}txet\u{2028}\u{e0001}';
    const record = { ...elsewhere, ownerId: evil, hostname: evil, note: { [evil]: evil } };
    foreign(JSON.stringify(record));
    const unsafe = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
    const { stdout } = await calledShared(['status', file()]);
    expect(stdout).not.toMatch(unsafe);
    expect(stdout).toContain('\\u{1b}[31mred\\u{9b}2J\\u{a}\\u{d}\\u{202e}txet');
    expect((await calledShared(['status', file(), '--json'])).stdout).not.toMatch(unsafe);
    expect(await statusOf(1)).toMatchObject({ record: { ownerId: evil, hostname: evil, note: { [evil]: evil } } });
  });

  it('is only an exit code with --quiet', async () => {
    expect(await called(['status', file(), '-q'])).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
    foreign(JSON.stringify(elsewhere));
    expect(await called(['status', file(), '--json', '--quiet'])).toMatchObject({ code: 1, stdout: '', stderr: '' });
  });

  it('colours nothing where there is no terminal', async () => {
    expect((await called(['status', file()], { env: { FORCE_COLOR: '1', TERM: 'xterm' } })).stdout).toMatch(/^free\n/);
  });
});

describe('status changes nothing', () => {
  const evidence = (): unknown => [readdirSync(folder()), readFileSync(lock(), 'utf8'), statSync(lock()).mtimeMs];

  it.each([
    ['held', 0],
    ['stale', 100],
  ])('of a lock that is %s', async (state, secondsAgo) => {
    foreign(JSON.stringify(elsewhere), secondsAgo);
    const before = evidence();
    expect((await calledShared(['status', file()])).stdout).toContain(state);
    expect(evidence()).toEqual(before);
  });

  it('and needs only permission to read, although the time of the disk is then unknown', async () => {
    const uid = process.getuid?.() === 0 ? { uid: 65_534 } : undefined;
    foreign(JSON.stringify({ ...elsewhere, createdAt: '2001-02-03T04:05:06Z' }), 10);
    chmodSync(lock(), 0o644);
    chmodSync(folder(), 0o555);
    try {
      const { code, stdout } = await called(['status', file(), '--json'], uid);
      expect(code).toBe(1);
      expect(JSON.parse(stdout)).toMatchObject({ state: 'held', ageMs: null, expiresInMs: null });
      const lines = (await called(['status', file()], uid)).stdout;
      expect(lines).toMatch(/^since {3}2001-02-0\d .* (UTC|[+-]\d\d:\d\d) by the holder's own clock$/m);
      expect(lines).toMatch(/^expires in at most 1m 0s unless renewed$/m);
    } finally {
      chmodSync(folder(), 0o755);
    }
  });
});
