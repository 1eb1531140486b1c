import { renameSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

import { beforeAll, describe, expect, it } from 'vitest';

import { loadWidths, widthOf } from '../../../src/cli/terminal/text.js';
import { CLI, eventually, useFolder } from '../../support/cli/harness.js';
import { ELSEWHERE, putLock } from '../../support/cli/locks.js';
import { commandOnScreen, onScreen, type Screen } from '../../support/cli/screen.js';

beforeAll(loadWidths);

const folder = useFolder();

function inbox(): void {
  putLock(folder(), '漢字漢字漢字漢字漢字.csv', 0, { ...ELSEWHERE, ownerId: 'e\u{301}'.repeat(40) });
  putLock(folder(), 'a-very-long-name-of-a-file-that-does-not-fit.csv', 100);
  putLock(folder(), 'torn', 1, '');
}

const REWRITE = '\r\u{1b}[2K';

/** The output line by line, without styles; a line rewritten in place counts as a line of its own. */
function linesOf(screen: Screen): readonly string[] {
  // The terminal itself shows which key was pressed.
  const lines = screen.sent().replace('^C', '').trimEnd().split('\r\n');
  return lines.flatMap((line) => line.split(REWRITE)).map(stripVTControlCharacters);
}

/** The lines without the progress, which a listing shows when it takes long, and removes again. */
function tableOf(screen: Screen): readonly string[] {
  return linesOf(screen).filter((line) => !/^$|^\d+ lock/.test(line));
}

describe('ls on a terminal', () => {
  const HOSTILE = '\u{1b}[2Jevil\r\n\u{9b}31m\u{202e}gpj.exe';
  const NAMES = [
    '漢字漢字漢字漢字漢字.csv',
    'below/🔒👍🏽🇩🇪 padlocks.csv',
    `deep/er/and/${'even-deeper/'.repeat(9)}data.csv`,
    `${'a-very-long-name-'.repeat(8)}.csv`,
    HOSTILE,
  ];
  const SHOWN = NAMES.map((name) => (name === HOSTILE ? '\\u{1b}[2Jevil\\u{d}\\u{a}\\u{9b}31m\\u{202e}gpj.exe' : name));

  it.each([10, 50, 60, 80, 120, 250])(
    'U34: fits into %i columns, and never cuts the last part of a name',
    async (columns) => {
      const record = { ...ELSEWHERE, ownerId: 'e\u{301}'.repeat(40), hostname: HOSTILE, command: ['make', HOSTILE] };
      for (const name of NAMES) putLock(folder(), name, 100, record);
      putLock(folder(), 'torn', 1, '');
      const screen = onScreen(['ls', '-r', folder()], { columns });
      expect(await screen.exitCode).toBe(0);
      const lines = tableOf(screen);
      // Only ellipses and titles are cut, so that names which take several lines can be put together again.
      const text = lines.map((line) => line.trim()).join('');
      for (const name of SHOWN) expect(text).toContain(name.split('/').at(-1));
      expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(columns);
      // eslint-disable-next-line no-control-regex
      expect(screen.sent().replace(/\u001b\[\d*m|\r\n|\r\u001b\[2K/g, '')).not.toMatch(/[\p{Cc}\u{202e}]/u);
      if (columns > 20) expect(lines.at(-1)).toMatch(/^(5 stale, 1 unreadable|1 unreadable, 5 stale)$/);
      if (columns < 60) {
        expect(lines[0]).toBe('stale');
        expect(text).toContain('owner');
      } else {
        expect(lines[0]).toMatch(/^STATE +FILE .*OWNER .*HOST .*PID/);
        expect(/COMMAND|EXPIRES/.test(lines[0] ?? '')).toBe(columns >= 120);
      }
    },
  );

  it.each([
    [0, ''],
    [3, '3 held'],
    [500, '500 held'],
  ])('U35: says of %i locks how many there are', async (count, total) => {
    for (let i = 0; i < count; i += 1) putLock(folder(), `${i}`, 0, { ...ELSEWHERE, lockId: `${i}` });
    // A terminal that is closed loses what nobody has read by then: the shell holds it open.
    const held = ['-c', '"$@"; code=$?; read -r _; exit $code', 'sh', process.execPath, CLI, 'ls', folder()];
    const screen = commandOnScreen('sh', held, { columns: 80 });
    const lines = (): readonly string[] => tableOf(screen);
    if (count === 0) {
      await eventually(() => expect(lines()).toEqual([`vfs-lockfile: there are no locks in ${folder()}`]));
    } else await eventually(() => expect([lines().length, lines().at(-1)]).toEqual([count + 2, total]));
    screen.terminal.write('\r');
    expect(await screen.exitCode).toBe(0);
  });

  it('U36: does not contradict itself: a stale lock expires now', async () => {
    const here = { hostname: hostname(), pid: 2 ** 22 + 1, processStart: '1', bootId: 'x' };
    putLock(folder(), 'a', 100);
    putLock(folder(), 'b', 0, { ...ELSEWHERE, ...here, ttl: 0 });
    const screen = onScreen(['ls', folder()], { columns: 120 });
    expect(await screen.exitCode).toBe(0);
    const stale = linesOf(screen).filter((line) => line.startsWith('stale'));
    for (const line of stale) expect(line).toMatch(/ now {2}(expired|dead-process)$/);
    expect(stale.length).toBeGreaterThan(0);
  });

  it('has colours, but not where NO_COLOR is set or the terminal has none', async () => {
    inbox();
    const sent = async (env: Record<string, string>): Promise<string> => {
      const screen = onScreen(['ls', folder()], { columns: 100, env });
      await screen.exitCode;
      return screen.sent();
    };
    expect(await sent({})).toContain('\u{1b}[33mstale');
    expect(await sent({ NO_COLOR: '1' })).not.toContain('\u{1b}');
    expect(await sent({ TERM: 'dumb' })).not.toContain('\u{1b}');
  });
});

describe('ls --watch on a terminal', () => {
  const ENTERED = '\u{1b}[?1049h';
  const LEFT = '\u{1b}[?1049l';
  /** The live table as it was drawn last. */
  const liveTable = (screen: Screen): readonly string[] => {
    const [last = '', ...rest] = (screen.sent().split('\u{1b}[H').at(-1) ?? '').split('\u{1b}[J');
    return rest.length === 0 ? [] : stripVTControlCharacters(last).trimEnd().split('\r\n');
  };

  it('keeps a live table up to date, follows the size, and restores the terminal on ctrl-C', async () => {
    inbox();
    const screen = onScreen(['ls', folder(), '--watch'], { columns: 100 });
    await eventually(() =>
      expect(liveTable(screen)[0]).toMatch(/^\d\d:\d\d:\d\d {2}1 held, 1 stale, 1 unreadable {2}/),
    );
    expect(screen.sent().startsWith(ENTERED)).toBe(true);
    putLock(folder(), 'a-new-one');
    await eventually(() => expect(liveTable(screen)[0]).toContain('2 held, 1 stale'));
    const states = liveTable(screen).map((line) => line.split(/ +/)[0]);
    expect(states.filter((state) => /^[a-z]/.test(state ?? ''))).toEqual([
      'stale',
      expect.stringMatching(/^unrea/),
      'held',
      'held',
    ]);
    screen.terminal.resize(30, 8);
    await eventually(() => expect(Math.max(...liveTable(screen).map(widthOf))).toBeLessThan(30));
    expect(liveTable(screen).length).toBeLessThan(8);
    expect(liveTable(screen).at(-1)).toMatch(/^1 to \d of 4; arrow keys/);
    screen.terminal.write('\u{3}');
    expect(await screen.exitCode).toBe(130);
    const [, after = ''] = screen.sent().split(LEFT);
    expect(after).toContain('2 held, 1 stale');
    expect(after).not.toContain('\u{1b}[H');
  });

  it('U35: scrolls through all of them, the stale ones first, and quits with q', async () => {
    for (let i = 0; i < 40; i += 1) putLock(folder(), `held-${String(i).padStart(2, '0')}`, 30);
    putLock(folder(), 'held-longest', 200, { ...ELSEWHERE, ttl: 6000e9 });
    putLock(folder(), 'stale', 100);
    const screen = onScreen(['ls', folder(), '--watch', '--every', '100ms'], { columns: 100 });
    const names = (): readonly (string | undefined)[] => liveTable(screen).map((line) => line.split(/ +/)[1]);
    const first = (name: string): Promise<void> => eventually(() => expect(names()[2]).toBe(name));
    await first('stale');
    expect(names().slice(3, 5)).toEqual(['held-longest', 'held-00']);
    expect(liveTable(screen).at(-1)).toBe('1 to 6 of 42; arrow keys scroll, q quits');
    screen.terminal.write('j\u{1b}[B');
    await first('held-00');
    screen.terminal.write(' ');
    await first('held-06');
    screen.terminal.write('G');
    await eventually(() => expect(liveTable(screen).at(-1)).toMatch(/^37 to 42 of 42/));
    screen.terminal.write('\u{1b}[5~k');
    await first('held-27');
    screen.terminal.write('g');
    await first('stale');
    screen.terminal.write('q');
    expect(await screen.exitCode).toBe(0);
    expect(screen.sent().split(LEFT)).toHaveLength(2);
  });

  it('says so when there is nothing, and that something went wrong later', async () => {
    putLock(folder(), 'below/a');
    const screen = onScreen(['ls', join(folder(), 'below'), '--watch'], { columns: 100 });
    await eventually(() => expect(liveTable(screen)[0]).toMatch(/1 held/));
    renameSync(join(folder(), 'below'), join(folder(), 'away'));
    await eventually(() => expect(liveTable(screen)[1]).toMatch(/^cannot list /));
    renameSync(join(folder(), 'away'), join(folder(), 'below'));
    await eventually(() => expect(liveTable(screen).join('\n')).not.toMatch(/cannot list/));
    screen.terminal.write('\u{3}');
    expect(await screen.exitCode).toBe(130);
  });
});

describe('sweep and doctor on a terminal', () => {
  it('fit into it, and ctrl-C ends them with 130 and a clean line', async () => {
    for (let i = 0; i < 3000; i += 1)
      putLock(folder(), `${i}-${'x'.repeat(60)}`, 500, { ...ELSEWHERE, lockId: `${i}` });
    const screen = onScreen(['sweep', folder()], { columns: 30 });
    await eventually(() => expect(screen.sent()).toContain('removed'));
    screen.terminal.write('\u{3}');
    expect(await screen.exitCode).toBe(130);
    expect(screen.sent()).toMatch(/vfs-lockfile: interrupted in [^\n]+ so far\r\n$/);
    const rows = linesOf(screen).filter((line) => line.includes('removed') && !line.includes('interrupted'));
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) expect(widthOf(row)).toBeLessThanOrEqual(30);
  });

  it('show their progress on standard error while the rest goes elsewhere', async () => {
    for (let i = 0; i < 3000; i += 1) putLock(folder(), `${i}`, 500, { ...ELSEWHERE, lockId: `${i}` });
    const out = join(folder(), 'out.txt');
    const screen = onScreen(['sweep', folder(), '--dry-run', '--json'], { columns: 60, into: out });
    expect(await screen.exitCode).toBe(0);
    expect(screen.sent()).toContain(`${REWRITE}would remove `);
    expect(screen.line()).toBe('');
    const quiet = onScreen(['sweep', folder(), '--dry-run', '-q'], { columns: 60 });
    expect([await quiet.exitCode, quiet.sent()]).toEqual([0, '']);
  });

  it.each([30, 200])('in %i columns', async (columns) => {
    const screen = onScreen(['doctor', folder()], { columns });
    expect(await screen.exitCode).toBe(0);
    const rows = linesOf(screen).filter((line) => /^(ok|note|wrong|failed|FOUND) /.test(line));
    expect(rows.length).toBeGreaterThan(5);
    expect(Math.max(...rows.map(widthOf))).toBeLessThanOrEqual(columns);
    expect(screen.sent()).toContain('\u{1b}[32msafe');
  });
});
