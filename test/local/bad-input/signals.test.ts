import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { memVfs } from '../../../src/backends/mem/index.js';
import { Lockfile, LockOptionError, withLock } from '../../../src/index.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-signals-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const never = (): never => {
  throw new Error('this was not to be run');
};

describe('a signal', () => {
  test.each([0, '1m', Infinity])('that has aborted already keeps a lock from being taken (wait %s)', async (wait) => {
    const reason = new Error('changed my mind');
    const options = { wait, signal: AbortSignal.abort(reason) };
    await expect(withLock(join(folder, 'a.csv'), never, options)).rejects.toBe(reason);
    expect(readdirSync(folder)).toEqual([]);
  });

  test.each([{}, 'abort', true, 5, new EventTarget(), new AbortController()])(
    'that is none (%#) is refused as an option, before anything is written',
    async (signal) => {
      for (const wait of [0, '1m']) {
        const options = { wait, signal: signal as AbortSignal };
        const refused = withLock(join(folder, 'a.csv'), never, options);
        await expect(refused).rejects.toBeInstanceOf(LockOptionError);
        await expect(refused).rejects.toThrow(/signal/);
      }
      expect(readdirSync(folder)).toEqual([]);
    },
  );
});

describe('the id of a named lock', () => {
  test('is a string, a whole number or bytes; anything else is refused', () => {
    const vfs = memVfs();
    for (const id of [1.5, NaN, Infinity, 2 ** 53, null, undefined, true, {}, [], Symbol('id'), Object.create(null)]) {
      expect(() => Lockfile.named(vfs, id as string)).toThrow(LockOptionError);
    }
  });
});
