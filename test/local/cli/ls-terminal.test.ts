import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

import { describe, expect, it } from 'vitest';

import { widthOf } from '../../../src/cli/terminal/text.js';
import { eventually, useFolder } from '../../support/cli/harness.js';
import { ELSEWHERE, putLock } from '../../support/cli/locks.js';
import { onScreen, type Screen } from '../../support/cli/screen.js';

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

describe('ls on a terminal', () => {
  it.each([10, 30, 60, 200])('fits into %i columns, lined up', async (columns) => {
    inbox();
    const screen = onScreen(['ls', folder()], { columns });
    expect(await screen.exitCode).toBe(0);
    const lines = linesOf(screen);
    expect(lines).toHaveLength(4);
    expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(columns);
    expect(lines[0]).toMatch(columns < 60 ? /^STA\S* +F/ : /^STATE +FILE .*LEASE/);
    expect(lines.some((line) => line.includes('…'))).toBe(columns < 200);
    const starts = lines.map((line) => widthOf(/^\S+ +/.exec(line)?.[0] ?? ''));
    expect(new Set(starts).size).toBe(1);
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
    expect(
      liveTable(screen)
        .map((line) => line.split(/ +/)[1])
        .slice(2, 4),
    ).toEqual(['a-new-one', expect.stringMatching(/^…|^a-very/)]);
    screen.terminal.resize(30, 6);
    await eventually(() => expect(Math.max(...liveTable(screen).map(widthOf))).toBeLessThan(30));
    expect(liveTable(screen).length).toBeLessThan(6);
    expect(liveTable(screen).at(-1)).toMatch(/^and \d more$/);
    screen.terminal.write('\u{3}');
    expect(await screen.exitCode).toBe(130);
    const [, after = ''] = screen.sent().split(LEFT);
    expect(after).toContain('2 held, 1 stale');
    expect(after).not.toContain('\u{1b}[H');
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
