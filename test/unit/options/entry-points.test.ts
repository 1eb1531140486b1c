import { describe, expect, test } from 'vitest';

import { doctor, forceRelease, inspect, list, sweep } from '../../../src/admin/index.js';
import { gcsVfs } from '../../../src/backends/gcs/index.js';
import { memVfs } from '../../../src/backends/mem/index.js';
import { s3Vfs } from '../../../src/backends/s3/index.js';
import { sftpVfs } from '../../../src/backends/sftp/index.js';
import { conformance } from '../../../src/conformance/index.js';
import { inbox } from '../../../src/inbox/index.js';
import { startTelemetry } from '../../../src/otel/index.js';
import { staleLock } from '../../../src/testing/index.js';
import {
  Lockfile,
  LockOptionError,
  localVfs,
  lock,
  lockSync,
  openFile,
  VfsFile,
  withLock,
  withLockSync,
} from '../../../src/index.js';

const file = new VfsFile(memVfs(), 'data.csv');
const PATH = '/no/such/folder/data.csv';

type Call = (options: object) => unknown;
type LockCall = Parameters<typeof withLock>[2];

/** Each takes options that a JavaScript program may get wrong. Nothing here may reach a store. */
const ENTRY_POINTS: Readonly<Record<string, Call>> = {
  Lockfile: (options) => new Lockfile(file, options),
  acquire: (options) => new Lockfile(file).acquire(options),
  withLock: (options) => withLock(file, () => 1, options),
  lock: (options) => lock(file, options),
  lockSync: (options) => lockSync(PATH, options),
  inspect: (options) => inspect(file, options),
  list: (options) => list(PATH, options),
  sweep: (options) => sweep(PATH, options),
  forceRelease: (options) => forceRelease(file, options as { expect: string }),
  doctor: (options) => doctor(PATH, options),
  inbox: (options) => inbox(PATH, options),
  startTelemetry: (options) => startTelemetry(options),
  conformance: (options) => conformance(() => Promise.reject(new Error('not called')), options),
  staleLock: (options) => staleLock(file, options),
  localVfs: (options) => localVfs(options),
  memVfs: (options) => memVfs(options),
  sftpVfs: (options) => sftpVfs(options),
  s3Vfs: (options) => s3Vfs(options as { bucket: string }),
  gcsVfs: (options) => gcsVfs(options as { bucket: string }),
};

async function messageOf(call: () => unknown): Promise<string> {
  try {
    await call();
  } catch (error) {
    expect(error).toBeInstanceOf(LockOptionError);
    return (error as Error).message;
  }
  throw new Error('nothing was refused');
}

describe.each(Object.entries(ENTRY_POINTS))('U7: the options of %s', (name, call) => {
  test('are refused when one of them is unknown', async () => {
    expect(await messageOf(() => call({ colour: 'red' }))).toMatch(`${name} has no option "colour"; it takes `);
  });

  test.each([
    [null, 'null'],
    ['5m', 'a string'],
    [['5m'], 'an array'],
    [new Date(), 'an object of the class Date'],
    [new Map(), 'an object of the class Map'],
    [Promise.resolve({}), 'a Promise: is an await missing?'],
    [() => 1, 'a function'],
  ])('are refused when they are no object', async (options, what) => {
    const sentence = `the options of ${name} must be an object, not ${what}`;
    expect(await messageOf(() => call(options as object))).toBe(sentence);
  });
});

describe('U7: an unknown option is refused with the nearest name', () => {
  test.each<[object, string]>([
    [{ tll: '5s' }, 'withLock has no option "tll"; did you mean ttl?'],
    [{ ownerID: 'me' }, 'withLock has no option "ownerID"; did you mean ownerId?'],
    [{ wiat: 0 }, 'withLock has no option "wiat"; did you mean wait?'],
    [{ timeout: '5s' }, 'withLock has no option "timeout"; did you mean wait?'],
    [{ stale: 5000 }, 'withLock has no option "stale"; did you mean ttl?'],
    [{ retries: 5 }, 'withLock has no option "retries"; did you mean wait?'],
    [{ update: 1000 }, 'withLock has no option "update"; did you mean renew?'],
    [{ lockfilePath: 'x.lock' }, 'withLock has no option "lockfilePath"; did you mean lockPath?'],
    [{ stale: undefined }, 'withLock has no option "stale"; did you mean ttl?'],
  ])('%o', async (options, sentence) => {
    expect(await messageOf(() => withLock(file, () => 1, options as LockCall))).toBe(sentence);
  });

  test.each<[object, string]>([
    [{ onCompromised: () => 1 }, 'lock.signal aborts'],
    [{ fs: {} }, 'new VfsFile(vfs, path)'],
  ])('what has no counterpart gets advice: %o', async (options, advice) => {
    expect(await messageOf(() => withLock(file, () => 1, options as LockCall))).toContain(advice);
  });

  test('what belongs to the other call is said so', async () => {
    expect(await messageOf(() => new Lockfile(file, { wait: 0 } as object))).toContain('it is an option of acquire');
    expect(await messageOf(() => new Lockfile(file).acquire({ ttl: 1 } as object))).toContain('an option of Lockfile');
    expect(await messageOf(() => localVfs({ base: '/tmp' } as object))).toContain('did you mean root?');
  });

  test('options of no prototype, and undefined for those that are known, are taken', async () => {
    const options = Object.assign(Object.create(null) as object, { ttl: '5s', wait: undefined, signal: undefined });
    expect(await withLock(file, () => 1, options)).toBe(1);
  });

  test('inherited options are checked too', async () => {
    expect(await messageOf(() => withLock(file, () => 1, Object.create({ stale: 1 }) as LockCall))).toContain('ttl');
  });
});

describe('U7: an argument of a wrong class gets a sentence', () => {
  const usage = 'fn must be a function, not an object: withLock(file, fn, options)';

  test.each<[string, () => unknown, string]>([
    ['swapped arguments', () => withLock(file, {} as never, (() => 1) as never), usage],
    ['a missing fn', () => withLock(file, undefined as never), 'fn must be a function, not undefined: withLock('],
    ['a missing fn', () => withLockSync(PATH, undefined as never), 'not undefined: withLockSync(file, fn, options)'],
    ['null for a value', () => withLock(file, () => 1, { ttl: null as never }), 'ttl must be a number of milliseconds'],
    [
      'an aborted flag',
      () => withLock(file, () => 1, { signal: {} as never }),
      'signal must be an AbortSignal, not an',
    ],
    [
      'a path for a store',
      () => new VfsFile('/x' as never, 'y'),
      'vfs must be a store such as localVfs(), not a string',
    ],
    ['no path', () => new VfsFile(memVfs(), undefined as never), 'path must be a string, not undefined'],
    [
      'a path for a VfsFile',
      () => new Lockfile('x' as never),
      'file must be a VfsFile, not a string; use Lockfile.open',
    ],
    ['a switch in words', () => localVfs({ hardLinks: 'no' as never }), 'hardLinks must be a boolean, not a string'],
  ])('%s', async (_what, call, sentence) => {
    expect(await messageOf(call)).toContain(sentence);
  });

  test('for a file', async () => {
    const refused = (value: unknown): Promise<unknown> => openFile(value as string);
    await expect(refused(new Date())).rejects.toThrow(
      'must be a path, a URI or a VfsFile, not an object of the class Date',
    );
    await expect(refused(openFile(PATH))).rejects.toThrow('not a Promise: is an await missing?');
  });

  test('and never shows the value, which may be a secret', async () => {
    const message = await messageOf(() => sftpVfs({ passwort: 'hunter2', host: 'h', username: 'u' } as object));
    expect(message).toBe('sftpVfs has no option "passwort"; did you mean password?');
    expect(await messageOf(() => sftpVfs({ password: ['hunter2'] as never }))).not.toContain('hunter2');
  });
});

test('U31: a pid of no process is refused, as the lock would be stale from the start', async () => {
  const refused = await messageOf(() => new Lockfile(file, { pid: 2 ** 31 - 1 }));
  expect(refused).toBe('pid must be a running process of this host; there is no process 2147483647');
  expect(new Lockfile(file, { pid: process.ppid }).held).toBe(false);
});

test('U33: a prefix is a folder, also without its slash', () => {
  for (const prefix of ['in', 'in/']) {
    expect(s3Vfs({ bucket: 'bucket', prefix }).locate('f')).toBe('s3://bucket/in/f');
    expect(gcsVfs({ bucket: 'bucket', prefix }).locate('f')).toBe('gs://bucket/in/f');
  }
  expect(s3Vfs({ bucket: 'bucket' }).locate('f')).toBe('s3://bucket/f');
});
