import { expect, test } from 'vitest';

import { overlapsIn, staysIn } from '../../support/serve/torture/judge.js';

const stay = (who: string, file: string, fromMs: number, untilMs: number) => ({ who, file, fromMs, untilMs });

test('the judge of the lock service finds who entered while somebody else was inside, and nobody else', () => {
  const [a, b, c] = [stay('a', 'x', 0, 10), stay('b', 'x', 5, 6), stay('c', 'x', 9, 12)];
  expect(overlapsIn([c, a, b])).toEqual([
    [a, b],
    [a, c],
  ]);
  expect(overlapsIn([a, stay('b', 'y', 5, 6), stay('c', 'x', 10, 12)])).toEqual([]);
  // Its own deadline was over before it was told that it holds the lock.
  expect(overlapsIn([a, stay('b', 'x', 5, 4)])).toEqual([]);
  expect(staysIn(`${JSON.stringify(a)}\n{"who":"b","fi`)).toEqual([a]);
});
