import { beforeAll, describe, expect, it, vi } from 'vitest';

import { screenOn } from '../../../src/cli/terminal/screen.js';
import { type Column, Table } from '../../../src/cli/terminal/table.js';
import { cutEnd, cutStart, loadWidths, widthOf, wrapped } from '../../../src/cli/terminal/text.js';

beforeAll(loadWidths);

const COLUMNS: readonly Column[] = [
  { title: 'STATE', cut: 'end', least: 3 },
  { title: 'FILE', cut: 'start', least: 6 },
  { title: 'AGE', align: 'right', dropOrder: 1 },
  { title: 'HOLDER', cut: 'end', least: 4, dropOrder: 0 },
];

const ROWS = [
  ['held', 'inbox/a.csv', '5s', '漢字漢字'],
  ['stale', 'b', '1h 2m', 'e\u{301}e\u{301}e\u{301}'],
  ['unreadable', 'outbox/long-name.csv', '', ''],
];

const linesIn = (columns: number): readonly string[] => {
  const table = new Table(COLUMNS);
  return table.lines(ROWS, columns, undefined, true);
};

describe('the width of text', () => {
  it('counts what is seen as one character once', () => {
    const widths = [
      'a',
      '漢',
      'e\u{301}',
      '🔒',
      '👍🏽',
      '🇩🇪',
      '❤\u{fe0f}',
      '한',
      '\u{1112}\u{1161}\u{11ab}',
      '\u{301}',
    ].map(widthOf);
    expect(widths).toEqual([1, 2, 1, 2, 2, 2, 2, 2, 2, 0]);
  });

  it('is what is left after cutting, never more, at either end', () => {
    expect(cutEnd('漢字漢字', 5)).toBe('漢字…');
    expect(cutEnd('漢字漢字', 4)).toBe('漢…');
    expect(cutStart('inbox/漢字', 6)).toBe('…/漢字');
    expect(cutStart('inbox/漢字', 4)).toBe('…字');
    expect(cutStart('e\u{301}e\u{301}e\u{301}', 2)).toBe('…e\u{301}');
    expect([cutStart('abc', 3), cutStart('abc', 1), cutStart('abc', 0)]).toEqual(['abc', '…', '']);
    for (let columns = 0; columns < 12; columns += 1) {
      for (const text of ['漢字漢字漢', '👍🏽🇩🇪ab👍🏽', 'abcdefghijkl']) {
        expect(widthOf(cutEnd(text, columns))).toBeLessThanOrEqual(columns);
        expect(widthOf(cutStart(text, columns))).toBeLessThanOrEqual(columns);
      }
    }
  });

  it('breaks between words', () => {
    expect(wrapped('one two three', 7)).toEqual(['one two', 'three']);
    expect(wrapped('漢字 漢字', 8)).toEqual(['漢字', '漢字']);
    expect(wrapped('unbreakable a', 4)).toEqual(['unbreakable', 'a']);
  });
});

describe('a table', () => {
  it('is lined up, wide and combining characters included', () => {
    expect(linesIn(Infinity)).toEqual([
      'STATE       FILE                    AGE  HOLDER',
      'held        inbox/a.csv              5s  漢字漢字',
      'stale       b                     1h 2m  e\u{301}e\u{301}e\u{301}',
      'unreadable  outbox/long-name.csv',
    ]);
  });

  it('fits into any width: the widest column is cut first, then others go', () => {
    expect(linesIn(30)).toEqual([
      'STATE   FILE      AGE  HOLDER',
      'held    …a.csv     5s  漢字漢…',
      'stale   b       1h 2m  e\u{301}e\u{301}e\u{301}',
      'unrea…  …e.csv',
    ]);
    expect(linesIn(21)).toEqual([
      'STATE   FILE      AGE',
      'held    …a.csv     5s',
      'stale   b       1h 2m',
      'unrea…  …e.csv',
    ]);
    expect(linesIn(12)).toEqual(['STA…  FILE', 'held  …a.csv', 'sta…  b', 'unr…  …e.csv']);
    for (let columns = 0; columns < 60; columns += 1) {
      for (const line of linesIn(columns)) expect(widthOf(line)).toBeLessThanOrEqual(Math.max(0, columns));
    }
  });

  it('keeps its columns where they are when what comes later is narrower', () => {
    const table = new Table(COLUMNS);
    table.lines(ROWS, Infinity, undefined);
    expect(table.lines([['held', 'x', '1s', 'me']], Infinity, undefined)).toEqual([
      'held        x                        1s  me',
    ]);
  });

  it('has colours on a terminal alone', () => {
    const table = new Table(COLUMNS);
    expect(screenOn(1)).toBeUndefined();
    expect(table.lines([[['held', 'green'], 'x']], Infinity, undefined)[0]).toMatch(/^held {3}x/);
    vi.stubEnv('NO_COLOR', '');
    const [coloured = ''] = table.lines([[['held', 'green'], 'x']], 80, process.stdout);
    expect(coloured.startsWith('\u{1b}[32mheld \u{1b}[39m  x')).toBe(true);
    vi.stubEnv('NO_COLOR', '1');
    expect(table.lines([[['held', 'green'], 'x']], 80, process.stdout)[0]).toMatch(/^held {3}x/);
    vi.unstubAllEnvs();
  });
});

describe('U34: a table with paths', () => {
  const PATHS: readonly Column[] = [{ title: 'STATE' }, { title: 'FILE', cut: 'path' }, { title: 'WHY', dropOrder: 0 }];
  const table = (columns: number, ...rows: readonly (readonly string[])[]): readonly string[] =>
    new Table(PATHS).fitted(rows, columns, undefined).rows.flat();

  it('cuts folders, but no name: a name that does not fit takes more lines', () => {
    expect(table(60, ['held', `${'folder/'.repeat(9)}data.csv`, 'expired'])[0]).toMatch(
      /^held {3}….*\/data\.csv {2}expired$/,
    );
    expect(table(60, ['held', `x/${'1234567890'.repeat(6)}`, 'expired'])).toEqual([
      `held   x/${'1234567890'.repeat(5)}1`,
      '       234567890',
      `${' '.repeat(53)}expired`,
    ]);
  });

  it('is a block for each row below 60 columns', () => {
    expect(table(30, ['held', 'a', ''], ['stale', `x/${'1234567890'.repeat(3)}`, 'expired'])).toEqual([
      'held  a',
      'stale',
      '  x/12345678901234567890123456',
      '  7890',
      '  why expired',
    ]);
    for (let columns = 1; columns < 60; columns += 1) {
      for (const line of table(columns, ['stale', '漢字/漢字漢字漢字', 'e\u{301}'.repeat(80)]))
        expect(widthOf(line)).toBeLessThanOrEqual(Math.max(columns, 4));
    }
  });
});
