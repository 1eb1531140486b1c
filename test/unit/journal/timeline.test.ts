import { describe, expect, test } from 'vitest';

import { drawTimeline, type HistoryEntry } from '../../../src/journal/index.js';

const START_MS = Date.UTC(2026, 10, 27, 8);

function entry(
  atMs: number,
  lockId: string,
  event: HistoryEntry['event'],
  more: Partial<HistoryEntry> = {},
): HistoryEntry {
  return {
    ...{ at: new Date(START_MS + atMs), event, lock: '/inbox/data.csv.lock', lockId, ownerId: `worker-${lockId}` },
    ...{ hostname: 'host', pid: 1, user: 'me', durationMs: 0, attempt: 1, reason: '', dropped: 0 },
    ...{ by: undefined, error: undefined, command: undefined, fencingToken: undefined, from: undefined },
    ...more,
  };
}

const TAKEOVER = [
  entry(0, '1', 'acquire', { reason: 'free' }),
  entry(1000, '1', 'renew', { reason: 'renewed' }),
  entry(5000, '2', 'steal', {
    durationMs: 2000,
    reason: 'dead-process',
    from: { lockId: '1', ownerId: '', hostname: '', pid: 1 },
  }),
  entry(5000, '2', 'acquire', { durationMs: 2000, reason: 'dead-process' }),
  entry(8000, '2', 'release', { durationMs: 3000, reason: 'released' }),
];

const classesIn = (svg: string, kind: string): number => svg.split(`<rect class="${kind}"`).length - 1;

describe('a timeline', () => {
  test('shows who was killed, who waited and who took over', async () => {
    const svg = await drawTimeline(TAKEOVER, { format: 'svg', title: 'demo' });
    // One of each is in the legend.
    expect(['dead', 'after', 'wait', 'held'].map((kind) => classesIn(svg, kind))).toEqual([2, 2, 2, 1]);
    expect(svg).toContain('class="cross"');
    expect(svg).toContain('marker-end="url(#head)"');
    expect(svg).toContain('class="tick"');
    expect(svg).toContain('waited 2.0 s\nheld 3.0 s, released<');
  });

  test('escapes every text, and is one file without foreign parts', async () => {
    const evil = `"'><script>alert(1)</script>\u0001\ud800&\u202e`;
    const entries = TAKEOVER.map((each) => ({
      ...each,
      ...{ lock: `/inbox/${evil}.lock`, ownerId: evil, hostname: evil, reason: evil },
    }));
    for (const format of ['svg', 'html'] as const) {
      const text = await drawTimeline(entries, { format, title: evil });
      expect(text).not.toContain('<script');
      expect(text).not.toMatch(/(?:src|href)=|@import|https?:\/\/(?!www\.w3\.org\/2000\/svg)/);
      // eslint-disable-next-line no-control-regex
      expect(text).not.toMatch(/[\u0000-\u0008\ud800-\udfff\u202e]/);
    }
  });

  test.each([
    [
      ['/a/x.lock', '/a/b/y.lock'],
      ['x', 'b/y'],
    ],
    [
      ['/a/x.lock', 'y.lock'],
      ['/a/x', 'y'],
    ],
    [
      ['/x.lock', 's3://bucket/y.lock'],
      ['/x', 's3://bucket/y'],
    ],
  ])('names files below the folder that all of %j are in', async (locks, names) => {
    const svg = await drawTimeline(
      locks.map((lock, at) => entry(at, String(at), 'acquire', { lock })),
      { format: 'svg' },
    );
    for (const name of names) expect(svg).toContain(`<title>${name}\n`);
  });

  test('ends what a killed process waited for with that process', async () => {
    const waiting = entry(2000, '3', 'wait', { lock: '/inbox/ledger.lock', ownerId: 'worker-1' });
    const others = TAKEOVER.slice(2).map((each) => ({ ...each, pid: 2 }));
    const svg = await drawTimeline([...TAKEOVER.slice(0, 2), waiting, ...others], { format: 'svg' });
    expect(svg).toContain('waited 3.0 s\ndid not get the lock: its process has ended<');
  });

  test('puts the locks that one holder has at the same time into rows of their own', async () => {
    const both = [
      entry(0, 'a', 'acquire'),
      entry(1, 'b', 'acquire'),
      entry(9, 'a', 'release'),
      entry(9, 'b', 'release'),
    ];
    const one = both.map((each) => ({ ...each, ownerId: 'me' }));
    const heightOf = async (entries: readonly HistoryEntry[]): Promise<number> =>
      Number(/viewBox="0 0 1200 (\d+)"/.exec(await drawTimeline(entries, { format: 'svg' }))?.[1]);
    expect(await heightOf(one)).toBe((await heightOf(one.filter(({ lockId }) => lockId === 'a'))) + 24);
  });

  test('is drawn of nothing, and of far too much in bounded size', async () => {
    expect(await drawTimeline([])).toContain('</html>');
    const many = Array.from({ length: 5000 }, (_, at) => [
      entry(at * 10, String(at), 'acquire', { ownerId: 'me' }),
      entry(at * 10 + 5, String(at), 'release', { ownerId: 'me' }),
    ]).flat();
    const page = await drawTimeline(many);
    expect(page).toContain('2000 acquisitions are not drawn');
    expect(page.length).toBeLessThan(3_000_000);
  });
});
