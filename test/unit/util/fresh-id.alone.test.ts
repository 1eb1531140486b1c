import { beforeEach, expect, test, vi } from 'vitest';

import { freshId, twoFreshIds } from '../../../src/util/fresh-id.js';

const drawn = vi.hoisted((): number[] => []);

// A machine whose clones all draw the same numbers.
vi.mock('node:crypto', () => ({
  randomFillSync: (buffer: Buffer, offset: number, size: number) => {
    drawn.push(size);
    return buffer.fill(7, offset, offset + size);
  },
}));

beforeEach(() => {
  drawn.length = 0;
});

test('B18: an id is drawn when it is needed, none is kept in store, and equal random numbers give different ids', () => {
  const ids = Array.from({ length: 100 }, freshId);
  expect(new Set(ids).size).toBe(100);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/);
  expect(drawn).toEqual(Array.from({ length: 100 }, () => 16));
});

test('B18: two ids from one draw are drawn when they are needed, and differ as well', () => {
  const ids = Array.from({ length: 100 }, twoFreshIds).flat();
  expect(new Set(ids).size).toBe(200);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/);
  expect(drawn).toEqual(Array.from({ length: 100 }, () => 32));
});
