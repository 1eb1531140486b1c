import { describe, expect, test } from 'vitest';

import type { HistoryEntry } from '../../../src/journal/index.js';
import { decodeLine, encodeLine, withDropped } from '../../../src/journal/line.js';

const ENTRY: HistoryEntry = {
  at: new Date('2026-11-27T08:00:00.123Z'),
  event: 'steal',
  lock: 'a "b"/{"schema":1,"at":"/data.csv.lock',
  lockId: 'id',
  ownerId: 'worker 1\n',
  hostname: 'host',
  pid: 7,
  user: 'me',
  durationMs: 12.5,
  attempt: 2,
  reason: 'expired',
  by: undefined,
  error: undefined,
  command: ['rsync', '-a'],
  fencingToken: '12',
  from: { lockId: 'old', ownerId: '', hostname: 'host2', pid: 9 },
  dropped: 0,
};

const line = encodeLine(ENTRY)!;

describe('a line of a journal', () => {
  test('is one line, and is read as it was written', () => {
    expect(line).not.toContain('\n');
    expect(decodeLine(line)).toEqual({ entry: ENTRY, isTorn: false });
    expect(decodeLine(withDropped(line, 3))?.entry.dropped).toBe(3);
  });

  test('is found behind the piece of another one, wherever that was cut', () => {
    for (let cut = 1; cut <= line.length; cut += 1) {
      expect(decodeLine(line.slice(0, cut) + line)).toEqual({ entry: ENTRY, isTorn: true });
    }
  });

  test('is nothing when it is cut anywhere', () => {
    for (let cut = 0; cut < line.length; cut += 1) expect(decodeLine(line.slice(0, cut))).toBeUndefined();
  });

  test.each([
    ['foreign text', 'hello'],
    ['another schema', line.replace('"schema":1', '"schema":2')],
    ['no time', line.replace('2026-11-27T', 'never')],
    ['an unknown event', line.replace('"steal"', '"party"')],
    ['a number where a text is', line.replace('"user":"me"', '"user":7')],
    ['a text where a number is', line.replace('"pid":7', '"pid":"7"')],
    ['a negative number', line.replace('"pid":7', '"pid":-7')],
    ['a command of numbers', line.replace('["rsync","-a"]', '[1]')],
    ['nothing to steal from', line.replace(/"from":\{[^}]*\}/, '"from":null')],
    ['an array', `[${line}]`],
    ['an inherited name as event', line.replace('"steal"', '"constructor"')],
  ])('is nothing with %s', (_, text) => {
    expect(decodeLine(text)).toBeUndefined();
  });

  test('that would be too long is not written, and long texts are cut', () => {
    expect(encodeLine({ ...ENTRY, lock: 'x'.repeat(40_000) })).toBeUndefined();
    expect(encodeLine({ ...ENTRY, reason: 'x'.repeat(40_000) })!.length).toBeLessThan(3000);
  });
});
