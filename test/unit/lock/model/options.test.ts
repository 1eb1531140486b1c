import { describe, expect, test } from 'vitest';

import { memVfs } from '../../../../src/backends/mem/index.js';
import {
  Lockfile,
  LockOptionError,
  lockSync,
  VfsFile,
  withLock,
  type LockOptions,
  type Vfs,
} from '../../../../src/index.js';

const UNUSABLE: readonly (readonly [string, object, RegExp])[] = [
  ['a ttl of zero', { ttl: 0 }, /ttl/],
  ['a negative ttl', { ttl: -5 }, /ttl/],
  ['a ttl that is no number', { ttl: NaN }, /ttl/],
  ['a ttl without a unit', { ttl: '30' }, /ttl.*30/],
  ['a ttl in words', { ttl: 'soon' }, /ttl.*soon/],
  ['a ttl of another type', { ttl: {} }, /ttl/],
  ['an absurdly long ttl', { ttl: '4000d' }, /ttl/],
  ['a ttl too short to be kept', { ttl: 5 }, /ttl.*at least 100 ms/],
  ['a grace without a ttl', { grace: '5s' }, /grace needs a ttl/],
  ['a grace after a lock without end', { grace: '5s', ttl: Infinity }, /grace needs a finite ttl/],
  ['a negative grace', { grace: -1, ttl: '5s' }, /grace/],
  ['an endless grace', { grace: Infinity, ttl: '5s' }, /grace/],
  ['a renew that is no boolean', { renew: 'yes' }, /renew must be a boolean/],
  ['an owner that is no text', { ownerId: 7 }, /ownerId must be a string/],
  ['an owner too long to be read', { ownerId: 'x'.repeat(257) }, /ownerId.*256/],
  ['an onStale that cannot be called', { onStale: true }, /onStale must be a function/],
  ['a note that is no object', { note: 'hello' }, /note/],
  ['a note that is an array', { note: [1] }, /note/],
  ['a note that JSON cannot hold', { note: { size: 1n } }, /note/],
  ['a note that fills the record', { note: { text: 'x'.repeat(40_000) } }, /note.*bytes/],
  ['a pid that is none', { pid: -1 }, /pid/],
];

const UNUSABLE_WAITS: readonly (readonly [string, object, RegExp])[] = [
  ['a negative wait', { wait: -1 }, /wait/],
  ['a wait that is no number', { wait: NaN }, /wait/],
  ['a wait in words', { wait: 'a while' }, /wait.*a while/],
];

describe('an unusable option is refused before any I/O, naming it', () => {
  test.each(UNUSABLE)('%s', async (_what, options, message) => {
    const vfs = new Proxy<Vfs>(memVfs(), { get: failOnIo });
    const file = new VfsFile(vfs, 'data.csv');
    expect(() => new Lockfile(file, options as LockOptions)).toThrow(LockOptionError);
    await expect(withLock(file, () => 1, options)).rejects.toThrow(message);
    expect(() => lockSync('/nowhere/data.csv', options)).toThrow(message);
  });

  test.each(UNUSABLE_WAITS)('%s', async (_what, options, message) => {
    const vfs = new Proxy<Vfs>(memVfs(), { get: failOnIo });
    const refused = withLock(new VfsFile(vfs, 'data.csv'), () => 1, options);
    await expect(refused).rejects.toMatchObject({
      code: 'ERR_LOCK_OPTION',
      message: expect.stringMatching(message) as string,
    });
    expect(() => lockSync('/nowhere/data.csv', options)).toThrow(message);
  });
});

function failOnIo(vfs: object, name: string | symbol): unknown {
  if (['read', 'create', 'replace', 'remove'].includes(String(name))) throw new Error(`${String(name)} was called`);
  const value: unknown = Reflect.get(vfs, name, vfs);
  return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(vfs) : value;
}
