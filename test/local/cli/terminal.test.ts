import { readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

import { beforeAll, describe, expect, it } from 'vitest';

import { loadWidths, widthOf } from '../../../src/cli/terminal/text.js';
import type { LockOptions } from '../../../src/index.js';
import { onScreen } from '../../support/cli/screen.js';
import { cli, eventually, own, processState, type Running, start, useFolder } from '../../support/cli/harness.js';

beforeAll(loadWidths);

const folder = useFolder();
const file = (): string => join(folder(), 'data.csv');

async function holding(options: LockOptions): Promise<Running> {
  const [node, script] = own('hold.mjs');
  const holder = start(node, [script, file(), JSON.stringify(options)]);
  await eventually(() => expect(holder.stdout()).toBe('held\n'));
  return holder;
}

const waiting = (): readonly string[] => ['run', file(), '--wait', 'never', '--', 'echo', 'my turn'];

describe('a lock that is held', () => {
  it('is explained on several lines of a terminal: who, what, since when, until when, its id, and what to do next', async () => {
    const holder = await holding({ ownerId: 'nightly', ttl: '10m', command: ['python', 'the report.py'] });
    const screen = onScreen(['run', file(), '--', 'true'], { columns: 200 });
    expect(await screen.exitCode).toBe(75);
    const [title, ...lines] = screen.lines();
    expect(title).toBe(`${file()}.lock is held`);
    expect(lines[0]).toBe(`  who     nightly, ${hostname()}, process ${holder.pid} (alive)`);
    expect(lines[1]).toBe(`  what    python 'the report.py'`);
    expect(lines[2]).toMatch(
      /^ {2}since {3}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d (UTC|[+-]\d\d:\d\d) \(\d+s ago\), never renewed$/,
    );
    expect(lines[3]).toMatch(/^ {2}expires in 9m \d+s unless renewed$/);
    const [, id = ''] = /^ {2}id {6}(\w+)$/.exec(lines[4] ?? '') ?? [];
    expect(lines.slice(5, 8)).toEqual([
      `Next: vfs-lockfile status ${file()}`,
      '  or wait for it: --wait 10m',
      `  or end it: vfs-lockfile unlock ${file()} --expect ${id}`,
    ]);
  });
});

describe('waiting on a terminal', () => {
  it('shows on one line who holds the lock, since when and for how long, and removes it in the end', async () => {
    const holder = await holding({ ownerId: 'ingest-1', ttl: '10m' });
    const screen = onScreen(waiting(), { columns: 200 });
    const who = `held by ingest-1 (process ${holder.pid} on ${hostname()})`;
    await eventually(() => expect(screen.line()).toContain(who));
    expect(screen.line()).toMatch(/^waiting \d+s for \S+data\.csv: held by .* since \d\d:\d\d:\d\d, lease 9m \d+s$/);
    holder.child.kill('SIGTERM');
    expect(await screen.exitCode).toBe(0);
    expect(screen.sent().endsWith('\r\u{1b}[2Kmy turn\r\n')).toBe(true);
    expect(screen.sent().match(/\n/g)).toHaveLength(1);
  });

  it('counts on in place', async () => {
    const holder = await holding({ ownerId: 'ingest-1' });
    const screen = onScreen(waiting(), { columns: 200 });
    const seconds = (): number => Number(/^waiting (\d+)s/.exec(screen.line())?.[1]);
    await eventually(() => expect(seconds()).toBeGreaterThanOrEqual(3));
    expect(screen.sent()).not.toContain('\n');
    holder.child.kill('SIGTERM');
    expect(await screen.exitCode).toBe(0);
  });

  it.each([
    [60, /^waiting \d+s: ingest-1-漢字 since \d\d:\d\d:\d\d, lease 9m \d+s$/],
    [40, /^waiting \d+s: ingest-1-漢字, lease 9m \d+s$/],
    [30, /^waiting \d+s: ingest-1-漢字$/],
    [12, /^waiting \d+s?…$/],
    [2, /^…$/],
  ])('fits into %i columns', async (columns, pattern) => {
    const holder = await holding({ ownerId: 'ingest-1-漢字', ttl: '10m' });
    const screen = onScreen(waiting(), { columns });
    await eventually(() => expect(screen.line()).toMatch(pattern));
    holder.child.kill('SIGTERM');
    expect(await screen.exitCode).toBe(0);
    const drawn = screen.lines().filter((line) => line !== 'my turn');
    expect(Math.max(...drawn.map(widthOf))).toBeLessThan(columns);
  });

  it('follows a change of the size', async () => {
    const holder = await holding({ ownerId: 'ingest-1', ttl: '10m' });
    const screen = onScreen(waiting(), { columns: 200 });
    await eventually(() => expect(screen.line()).toContain('held by ingest-1 (process'));
    screen.terminal.resize(30, 10);
    await eventually(() => expect(screen.line()).toMatch(/^waiting \d+s: ingest-1$/));
    holder.child.kill('SIGTERM');
    expect(await screen.exitCode).toBe(0);
  });

  it('shows nothing that the terminal would obey', async () => {
    const evil = '\u{1b}[2J\u{9b}31m\n\u{202e}evil';
    const record = { ttl: 600e9, hostname: evil, pid: 1, ownerId: evil };
    writeFileSync(`${file()}.lock`, JSON.stringify(record));
    const screen = onScreen(waiting(), { columns: 200 });
    await eventually(() => expect(screen.line()).toContain('\\u{1b}[2J\\u{9b}31m\\u{a}\\u{202e}evil'));
    screen.terminal.kill('SIGTERM');
    expect(await screen.exitCode).toBe(143);
    expect(screen.lines().join('')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });

  it('colours unless NO_COLOR is set', async () => {
    const holder = await holding({});
    const coloured = onScreen(waiting(), { columns: 100 });
    const plain = onScreen(waiting(), { columns: 100, env: { NO_COLOR: '1' } });
    await eventually(() => expect([coloured.line(), plain.line()].join()).toMatch(/waiting .*waiting /));
    expect(coloured.sent()).toContain('\u{1b}[1mwaiting\u{1b}[22m');
    expect(plain.sent()).not.toContain('\u{1b}[1m');
    holder.child.kill('SIGTERM');
    expect([await coloured.exitCode, await plain.exitCode]).toEqual([0, 0]);
  });

  it('shows one plain line on a terminal that cannot go back, and nothing at all with --quiet', async () => {
    const holder = await holding({ ownerId: 'ingest-1' });
    const dumb = onScreen(waiting(), { columns: 300, env: { TERM: 'dumb' } });
    await eventually(() => expect(dumb.sent()).toMatch(/^vfs-lockfile: waiting: .* held by ingest-1 .*\r\n$/));
    const quiet = onScreen(['run', '-q', ...waiting().slice(1)], { columns: 300 });
    const piped = cli(waiting());
    await eventually(() => expect(piped.stderr()).toMatch(/waiting/));
    holder.child.kill('SIGTERM');
    expect([await dumb.exitCode, await quiet.exitCode, (await piped.outcome).code]).toEqual([0, 0, 0]);
    expect(dumb.sent().split('\n')).toHaveLength(3);
    expect(quiet.sent()).toBe('my turn\r\n');
    expect((await piped.outcome).stderr).toMatch(/^vfs-lockfile: waiting: \P{Cc}*\n$/u);
  });

  it('is over, with a clean line, when the user presses Ctrl-C', async () => {
    const holder = await holding({});
    const screen = onScreen(waiting(), { columns: 100 });
    await eventually(() => expect(screen.line()).toContain('waiting'));
    screen.terminal.write('\u{3}');
    expect(await screen.exitCode).toBe(130);
    expect(screen.line()).toBe('');
    holder.child.kill('SIGTERM');
    await holder.outcome;
  });
});

describe('the command on a terminal', () => {
  it('reads and writes it', async () => {
    const screen = onScreen(['run', file(), '--', 'sh', '-c', 'read answer; echo "got $answer"; test -t 0 -a -t 1'], {
      columns: 80,
    });
    screen.terminal.write('an answer\r');
    expect(await screen.exitCode).toBe(0);
    expect(screen.sent()).toContain('got an answer\r\n');
  });

  it('gets Ctrl-C once', async () => {
    const script = `n=0; trap 'n=$((n+1)); echo "INT $n"' INT; trap 'exit 9' TERM; sleep 600 & echo ready; while :; do wait; done`;
    const screen = onScreen(['run', file(), '--', 'sh', '-c', script], { columns: 80 });
    await eventually(() => expect(screen.sent()).toContain('ready'));
    screen.terminal.write('\u{3}');
    await eventually(() => expect(screen.sent()).toContain('INT 1'));
    screen.terminal.write('\u{3}');
    await eventually(() => expect(screen.sent()).toContain('INT 2'));
    screen.terminal.kill('SIGTERM');
    expect(await screen.exitCode).toBe(9);
    expect(screen.sent().match(/INT/g)).toHaveLength(2);
  });

  it('is suspended by Ctrl-Z, and goes on', async () => {
    const screen = onScreen(['run', file(), '--', 'sh', '-c', 'echo $$; read line; exit 4'], { columns: 80 });
    await eventually(() => expect(screen.sent()).toMatch(/^\d+\r\n$/));
    const command = Number.parseInt(screen.sent(), 10);
    screen.terminal.write('\u{1a}');
    await eventually(() => {
      expect([command, screen.terminal.pid].map((pid) => processState(pid)?.state)).toEqual(['T', 'T']);
    });
    process.kill(screen.terminal.pid, 'SIGCONT');
    screen.terminal.write('x\r');
    expect(await screen.exitCode).toBe(4);
  });

  it('is notified of a change of the size', async () => {
    const script = `trap 'echo "now $(stty size)"; kill $!; exit 0' WINCH; sleep 600 & stty size; wait`;
    const screen = onScreen(['run', file(), '--', 'sh', '-c', script], { columns: 80 });
    await eventually(() => expect(screen.sent()).toBe('10 80\r\n'));
    screen.terminal.resize(33, 10);
    expect(await screen.exitCode).toBe(0);
    expect(screen.sent()).toBe('10 80\r\nnow 10 33\r\n');
  });

  it('gets a hang-up when the terminal closes', async () => {
    const log = join(folder(), 'log');
    const screen = onScreen(
      ['run', file(), '--', 'sh', '-c', `trap 'echo HUP > ${log}; exit 0' HUP; sleep 600 & echo ready; wait`],
      {
        columns: 80,
      },
    );
    await eventually(() => expect(screen.sent()).toContain('ready'));
    screen.terminal.kill('SIGHUP');
    expect(await screen.exitCode).toBe(0);
    expect(readFileSync(log, 'utf8')).toBe('HUP\n');
  });
});
