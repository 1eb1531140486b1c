import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { memVfs } from '../../../src/backends/mem/index.js';
import { inbox } from '../../../src/inbox/index.js';
import { lock, Lockfile, openFile, VfsFile, withLock, withLockSync, type LockOptions } from '../../../src/index.js';
import { useFakeClock } from '../../../src/testing/index.js';
import { messageOf } from '../../support/message-of.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-messages-'));
  writeFileSync(join(folder, 'plain'), '');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const inMemory = () => new VfsFile(memVfs(), 'data.csv');
const at = (path: string) => withLock(path.replace('FOLDER', folder), () => undefined);

describe('errors of paths and URIs say what to write', () => {
  test.each<[string, string]>([
    ['FOLDER/no/such/f', 'there is no folder FOLDER/no/such; make it first (the locked file itself need not exist)'],
    ['FOLDER/plain/f', 'cannot lock FOLDER/plain/f.lock: a part of its path is a file, not a folder'],
    ['~/f', 'the path "~/f" begins with ~, which only a shell expands to the home folder'],
    ['s3:/bucket/f', 'the URI "s3:/bucket/f" lacks the slashes of a URI; expected s3://bucket/key'],
    ['gcs://b/f', 'the URI "gcs://b/f" has the unknown scheme gcs; did you mean gs://?'],
    ['ftp://h/f', 'has the unknown scheme ftp; known are file, mem, sftp, s3, gs, or a path on the local disk'],
    ['FOLDER/plain/', 'names a folder; expected a file'],
  ])('%s', async (path, message) => {
    expect(await messageOf(() => at(path))).toContain(message.replaceAll('FOLDER', folder));
  });

  test('a file that is not there, and a folder that is not there', async () => {
    const file = await openFile(join(folder, 'absent'));
    expect(await messageOf(() => file.read())).toBe(`cannot read ${folder}/absent: there is no such file`);
    const reading = async (): Promise<void> => {
      for await (const claim of inbox(join(folder, 'none'), { until: 'idle' })) await claim.release();
    };
    expect(await messageOf(reading)).toBe(`cannot list ${folder}/none: there is no such folder (ENOENT)`);
  });

  test('the target of a move that is taken is named', async () => {
    const file = inMemory();
    await file.write('1');
    await file.resolve('archive/data.csv').write('2');
    const message = await messageOf(() => file.move('archive/'));
    expect(message).toMatch(/^cannot move mem:\S+\/data\.csv to (\S+): there is a file already at \1$/);
  });
});

describe('a duration that is none', () => {
  test.each<[LockOptions['ttl'], string]>([
    ['5 min', "got '5 min'; did you mean '5m'?"],
    ['5M', "did you mean '5m'?"],
    ['5', "did you mean '5s'?"],
    ['30 seconds', "did you mean '30s'?"],
    ['1h30m', "did you mean '90m'?"],
    ['1.5 min', "did you mean '90s'?"],
    ['forever', "did you mean 'never'?"],
    [5, "ttl must be at least 100 ms, not 5; did you mean '5s'?"],
  ])('%o is corrected', async (ttl, message) => {
    expect(await messageOf(() => lock(inMemory(), { ttl }))).toContain(message);
  });

  test.each(['5 parsecs', 'soon', '-5s', '0 s', '99999999 days'])('%o is not guessed', async (ttl) => {
    expect(await messageOf(() => lock(inMemory(), { ttl }))).not.toContain('did you mean');
  });

  test('never is not proposed where it is refused', async () => {
    expect(await messageOf(() => lock(inMemory(), { ttl: '1s', grace: 'forever' }))).not.toContain('did you mean');
  });
});

describe('a lock that was lost says why', () => {
  const LOST = 'it was not renewed before its lease ended';
  const block = (ms: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

  test('a blocked event loop', async () => {
    const blocked = await messageOf(() => withLock(inMemory(), () => block(150), { ttl: 100 }));
    expect(blocked).toContain(`${LOST}: this process did not come to its timers for `);
    expect(blocked).toMatch(/ \d+(\.\d)? m?s \(blocked event loop, or a pause\); its ttl is 100 ms$/);
    const sync = await messageOf(() => withLockSync(inMemory(), () => block(150), { ttl: 100 }));
    expect(sync).toContain(`${LOST}: this process did not come to its timers for `);
  });

  test('renewals that nobody made', async () => {
    using clock = useFakeClock();
    const held = await lock(inMemory(), { ttl: '30s', renew: false });
    await clock.advance('31s');
    expect(held.loss?.message).toContain(`${LOST}: nobody called renew for 30 s, and renew is off`);
  });

  test('renewals that fail', async () => {
    using clock = useFakeClock();
    const file = inMemory();
    const held = await lock(file, { ttl: '30s' });
    file.vfs.replace = () => Promise.reject(new Error('the disk is on fire'));
    await clock.advance('31s');
    expect(held.loss?.message).toContain(`${LOST}: the last renewal failed: the disk is on fire`);
    expect(held.loss?.cause).toMatchObject({ message: 'the disk is on fire' });
  });

  test('a store that is silent', async () => {
    using clock = useFakeClock();
    const file = inMemory();
    const held = await lock(file, { ttl: '30s' });
    file.vfs.replace = () => new Promise(() => undefined);
    await clock.advance('31s');
    expect(held.loss?.message).toMatch(/: the store has not answered the renewal for \d\d(\.\d)? s; its ttl is 30 s$/);
  });
});

describe('a lock that is held for long', () => {
  test('shows days, the day when it began, and that it never ends', async () => {
    using clock = useFakeClock(Date.UTC(2026, 10, 14, 19, 23));
    const file = inMemory();
    await using _held = await lock(file, { ttl: Infinity, ownerId: 'nightly' });
    await clock.advance('12d');
    const message = await messageOf(() => lock(file, { wait: 0 }));
    expect(message).toMatch(/held by nightly \(process \d+ on .*: acquired 12d 0h ago \(2026-11-14 19:23:00 UTC\)/);
    expect(message).toContain('its lease never ends, its id is ');
  });
});

test('an object that is asked twice says so', async () => {
  const twice = new Lockfile(inMemory());
  await twice.acquire();
  const message = 'holds or awaits';
  expect(await messageOf(() => twice.acquire())).toContain(message);
  await twice.release();
  expect(await messageOf(() => twice.assertHeld())).toMatch(/^the lock \S+ was released$/);
  const never = new Lockfile(inMemory());
  expect(await messageOf(() => never.signal)).toMatch(/^the lock \S+ was never acquired by this object$/);
});
