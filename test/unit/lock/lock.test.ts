import { describe, expect, it } from 'vitest';

import { memVfs } from '../../../src/backends/mem/index.js';
import { lock, LockHeldError, LockReentrantError, named, openFile, VfsFile, withLock } from '../../../src/index.js';

const file = () => new VfsFile(memVfs(), 'data.csv');

describe('lock', () => {
  it('U21: returns a held lock, which the end of an await using block releases', async () => {
    const locked = file();
    {
      await using held = await lock(locked, { ownerId: 'me', wait: 0 });
      expect([held.held, held.record?.ownerId, held.file]).toEqual([true, 'me', locked]);
      await expect(lock(locked, { wait: 0 })).rejects.toThrow(LockHeldError);
    }
    expect(await locked.vfs.stat('data.csv.lock')).toBeUndefined();
  });

  it('U21: takes the options of the lock and of the wait, and refuses others under its own name', async () => {
    const stop = AbortSignal.abort(new Error('stopped'));
    await expect(lock(file(), { ttl: '1m', signal: stop })).rejects.toThrow('stopped');
    await expect(lock(file(), { timeout: 5 } as object)).rejects.toThrow(
      'lock has no option "timeout"; did you mean wait?',
    );
  });

  it('U21: is refused inside withLock of the same lock', async () => {
    const locked = file();
    const inner = withLock(locked, () => lock(locked));
    await expect(inner).rejects.toThrow(LockReentrantError);
  });
});

describe('named', () => {
  it('U22: makes a file of a name, in a store or in the folder of a path or URI', () => {
    const vfs = memVfs();
    expect(named('nightly report', vfs)).toEqual(new VfsFile(vfs, 's-nightly%20report'));
    expect(named('nightly report', '/srv/locks/')).toBe('/srv/locks/s-nightly%20report');
    expect(named(17, '/')).toBe('/i-17');
    expect(named('nightly report', 's3://bucket/locks')).toBe('s3://bucket/locks/s-nightly%2520report');
    expect(named('a/b', new URL('file:///srv/locks/'))).toBe('file:///srv/locks/s-a%252fb');
  });

  it('U22: a URI and the path of the same folder lead to the same lock', async () => {
    const [one, other] = [named('ü', 'file:///srv/locks'), named('ü', '/srv/locks')];
    expect(String(await openFile(one))).toBe(String(await openFile(other)));
  });

  it.each([
    ['an empty path', ''],
    ['null', null],
    ['a number', 5],
  ])('U22: refuses %s as a folder', (_what, folder) => {
    expect(() => named('x', folder as string)).toThrow('folder must be a path, a URI or a store, not');
  });
});
