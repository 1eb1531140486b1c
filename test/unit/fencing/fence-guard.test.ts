import { expect, test } from 'vitest';

import { FenceGuard } from '../../../src/fencing/index.js';

test('a guard accepts tokens that rise or repeat, and refuses lower ones, for each resource', () => {
  const guard = new FenceGuard();
  expect(guard.highest('a')).toBeUndefined();
  guard.admit('a', 1n);
  guard.admit('a', '7');
  guard.admit('a', 7n);
  expect(() => guard.admit('a', 6n)).toThrow(
    expect.objectContaining({ code: 'ERR_FENCED', token: 6n, by: 7n, path: 'a' }),
  );
  guard.admit('b', 6n);
  expect([guard.highest('a'), guard.highest('b')]).toEqual([7n, 6n]);
});

test.each([[0n], [-1n], [2n ** 63n], ['07'], ['x'], [''], [7], [undefined]])('%s is no token', (token) => {
  const guard = new FenceGuard();
  expect(() => guard.admit('a', token as never)).toThrow(expect.objectContaining({ code: 'ERR_LOCK_OPTION' }));
  expect(guard.highest('a')).toBeUndefined();
});

test('a lower token is never at work when a higher one begins, and is refused after it', async () => {
  const guard = new FenceGuard();
  const log: string[] = [];
  const work = (name: string) => async (): Promise<string> => {
    log.push(`${name} begins`);
    await new Promise(setImmediate);
    log.push(`${name} ends`);
    return name;
  };
  const outcomes = await Promise.allSettled([
    guard.run('a', 1n, work('one')),
    guard.run('a', 3n, work('three')),
    guard.run('a', 2n, work('two')),
    guard.run('a', 3n, () => Promise.reject(new Error('broken'))),
    guard.run('a', 4n, work('four')),
  ]);
  expect(log).toEqual(['one begins', 'one ends', 'three begins', 'three ends', 'four begins', 'four ends']);
  expect(outcomes).toMatchObject([
    { value: 'one' },
    { value: 'three' },
    { reason: { code: 'ERR_FENCED', token: 2n, by: 3n } },
    { reason: { message: 'broken' } },
    { value: 'four' },
  ]);
});
