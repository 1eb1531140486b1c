import { describe, expect, it } from 'vitest';

import type { JournalEvent } from './journal.mjs';
import { judge, type Verdict } from './judge.mjs';

const time = (tenure: string, at: number) => ({ tenure, at: String(at * 1e6) });
const enter = (tenure: string, at: number): JournalEvent => ({
  kind: 'enter',
  ...time(tenure, at),
  lock: 'a',
  leaseMs: 100,
  how: 'by hand',
  from: undefined,
});
const held = (tenure: string, at: number): JournalEvent => ({ kind: 'held', ...time(tenure, at) });
const lost = (tenure: string, at: number): JournalEvent => ({ kind: 'lost', ...time(tenure, at), reason: '' });
const leave = (tenure: string, at: number): JournalEvent => ({ kind: 'leave', ...time(tenure, at) });
const released = (tenure: string, at: number, ours = true): JournalEvent => ({
  kind: 'released',
  ...time(tenure, at),
  ours,
});
const whole = (tenure: string, from: number, to: number): JournalEvent[] => [
  enter(tenure, from),
  held(tenure, to - 1),
  leave(tenure, to),
  released(tenure, to + 1),
];
const stolen = { reason: 'expired', nonce: 'n', pid: 1 };
const ms = (at: number): bigint => BigInt(at) * 1_000_000n;
const judged = (...journals: readonly JournalEvent[][]): Verdict =>
  judge(new Map(journals.map((events, process) => [String(process), events])), [], []);

describe('the judge of overlaps', () => {
  it('sees nothing wrong with one holder after the other', () => {
    const verdict = judged(whole('a', 0, 10), whole('b', 11, 20), whole('c', 21, 30));
    expect(verdict).toMatchObject({
      acquisitions: 3,
      goodReleases: 3,
      overlaps: 0,
      excusedOverlaps: 0,
      violations: [],
    });
  });

  it('sees every pair that holds at one time, wholly, partly, or at a single instant', () => {
    expect(judged(whole('a', 0, 50), whole('b', 10, 20)).overlaps).toBe(1);
    expect(judged(whole('a', 0, 50), whole('b', 40, 60)).overlaps).toBe(1);
    expect(judged(whole('a', 0, 50), whole('b', 50, 60)).overlaps).toBe(1);
    expect(judged(whole('a', 0, 50), whole('b', 10, 20), whole('c', 30, 60)).overlaps).toBe(2);
    expect(judged(whole('a', 0, 50), whole('b', 10, 40), whole('c', 20, 30)).violations).toHaveLength(3);
  });

  it('does not mix up locks', () => {
    const elsewhere = whole('b', 0, 50).map((event) => (event.kind === 'enter' ? { ...event, lock: 'b' } : event));
    expect(judged(whole('a', 0, 50), elsewhere).overlaps).toBe(0);
  });

  it('excuses a holder that learns from its own check or release that it is too late, but only from its last proof on', () => {
    const late = [enter('a', 0), held('a', 10), lost('a', 50)];
    expect(judged(late, whole('b', 20, 30))).toMatchObject({ overlaps: 0, excusedOverlaps: 1, violations: [] });
    expect(judged(late, whole('b', 5, 30))).toMatchObject({ overlaps: 1, excusedOverlaps: 0 });
    const told = [enter('a', 0), held('a', 10), leave('a', 50), released('a', 51, false)];
    expect(judged(told, whole('b', 20, 30))).toMatchObject({ overlaps: 0, excusedOverlaps: 1, violations: [] });
    const sleeper = [enter('b', 20), lost('b', 21)];
    expect(judged(whole('a', 0, 50), sleeper)).toMatchObject({ overlaps: 0, excusedOverlaps: 1, violations: [] });
  });

  it('takes a release that says yes for a claim up to the moment when it was asked for', () => {
    const unchecked = [enter('a', 0), held('a', 1), leave('a', 50), released('a', 51)];
    expect(judged(unchecked, whole('b', 20, 30)).overlaps).toBe(1);
    expect(judged([enter('a', 0), lost('a', 10), released('a', 11)]).violations).toHaveLength(1);
  });

  it('takes nobody for killed that was not, and the killed for present until their death was seen', () => {
    const cut = [enter('a', 0), held('a', 10)];
    expect(judged(cut).violations).toHaveLength(1);
    const kill = { process: '0', pid: 1, at: ms(15), deadAt: ms(25) };
    const journals = (from: number): Map<string, JournalEvent[]> =>
      new Map([
        ['0', cut],
        ['1', whole('b', from, 40)],
      ]);
    expect(judge(journals(20), [kill], [])).toMatchObject({ killedHolders: 1, excusedOverlaps: 1, violations: [] });
    expect(judge(journals(26), [kill], [])).toMatchObject({ overlaps: 0, excusedOverlaps: 0, violations: [] });
    expect(judge(journals(9), [kill], [])).toMatchObject({ overlaps: 1 });
  });

  it('lets nobody claim anything after standing still for longer than the lease', () => {
    const stop = (at: number, untilAt: number) => [{ process: '0', at: ms(at), untilAt: ms(untilAt) }];
    const awake = new Map([['0', [enter('a', 0), held('a', 300), lost('a', 301)]]]);
    expect(judge(awake, [], stop(10, 200))).toMatchObject({ stopsPastLease: 1, violations: [expect.any(String)] });
    expect(judge(awake, [], stop(10, 100))).toMatchObject({ stopsPastLease: 0, violations: [] });
    const honest = new Map([['0', [enter('a', 0), held('a', 5), lost('a', 301)]]]);
    expect(judge(honest, [], stop(10, 200))).toMatchObject({ stopsPastLease: 1, violations: [] });
  });

  it('lets a record be taken over once, and for death only from a process that was being killed', () => {
    const thief = (tenure: string, at: number, from: object): JournalEvent[] =>
      whole(tenure, at, at + 5).map((event) =>
        event.kind === 'enter' ? { ...event, from: { ...stolen, ...from } } : event,
      );
    expect(judged(thief('a', 0, {}), thief('b', 10, { nonce: 'm' }))).toMatchObject({
      steals: { expired: 2 },
      violations: [],
    });
    expect(judged(thief('a', 0, {}), thief('b', 10, {})).violations).toHaveLength(1);
    expect(judged(thief('a', 0, { reason: 'unreadable' })).violations).toHaveLength(1);
    const early = new Map([['1', thief('a', 10, { reason: 'dead-process' })]]);
    expect(judge(early, [], []).violations).toHaveLength(1);
    expect(judge(early, [{ process: '0', pid: 1, at: ms(11), deadAt: ms(12) }], []).violations).toHaveLength(1);
    expect(judge(early, [{ process: '0', pid: 1, at: ms(9), deadAt: ms(12) }], []).violations).toEqual([]);
    expect(judge(early, [], [], [{ pid: 1, at: ms(11) }]).violations).toHaveLength(1);
    expect(judge(early, [], [], [{ pid: 1, at: ms(9) }]).violations).toEqual([]);
  });

  it('passes on every trouble that a process wrote down', () => {
    expect(judged([{ kind: 'trouble', at: '0', message: 'a surprise' }]).violations).toEqual(['a surprise']);
  });
});
