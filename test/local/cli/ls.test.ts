import { chmodSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { called, cli, CLI, eventually, matching, start, useFolder } from '../../support/cli/harness.js';
import { ELSEWHERE, putLock } from '../../support/cli/locks.js';

const folder = useFolder();

interface Line {
  readonly state: string;
  readonly file: string;
  readonly [name: string]: unknown;
}

const parsed = (stdout: string): readonly Line[] =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

async function listed(...options: readonly string[]): Promise<readonly Line[]> {
  const { code, stdout, stderr } = await called(['ls', folder(), '--json', ...options]);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return [...parsed(stdout)].sort((one, other) => (one.file < other.file ? -1 : 1));
}

describe('ls', () => {
  it('prints each lock as status does, one object per line, and changes nothing; a tombstone is no lock', async () => {
    putLock(folder(), 'a');
    putLock(folder(), 'b', 100);
    putLock(folder(), 'c', 1, '');
    putLock(folder(), 'd', 0, { ...ELSEWHERE, released: true });
    putLock(join(folder(), 'below'), 'e');
    const before = readdirSync(folder());
    const all = await listed();
    expect(all.map(({ state, reason }) => [state, reason])).toEqual([
      ['held', null],
      ['stale', 'expired'],
      ['unreadable', null],
    ]);
    const { stdout } = await called(['status', join(folder(), 'a'), '--json']);
    expect(Object.keys(all[0]!)).toEqual(Object.keys(parsed(stdout)[0]!));
    expect(all[0]).toMatchObject({ id: 'id-of-theirs', holder: { ownerId: 'them', pid: 77 }, leaseMs: 60_000 });
    expect(readdirSync(folder())).toEqual(before);
    expect((await listed('--recursive')).map(({ file }) => file)).toContain(join(folder(), 'below', 'e'));
  });

  it('shows a table without any colour where there is no terminal, cut nowhere', async () => {
    const long = 'x'.repeat(200);
    putLock(folder(), 'inbox/data.csv');
    putLock(folder(), `inbox/${long}`, 100);
    const { stdout, stderr, code } = await called(['ls', join(folder(), 'inbox')], { env: { FORCE_COLOR: '1' } });
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    const [titles = '', ...rows] = stdout.trimEnd().split('\n');
    expect(titles).toMatch(/^STATE +FILE +WHY +AGE +LEASE +HOLDER$/);
    expect(rows.sort()).toEqual([
      matching(/^held {3}data\.csv +\d+s +(\d+s|1m 0s) left +them \(process 77 on elsewhere\)$/),
      matching(new RegExp(`^stale {2}${long} {2}expired +\\d+m \\d+s {2}over +them \\(process 77 on elsewhere\\)$`)),
    ]);
    const starts = [titles, ...rows].map((line) => line.search(/HOLDER|them/));
    expect(new Set(starts).size).toBe(1);
  });

  it('prints nothing that a terminal would obey, whatever names and owners are', async () => {
    const evil = '\u{1b}[31mred\u{9b}2J\n\r\u{202e}txet 100% "quoted"';
    putLock(folder(), evil, 0, { ...ELSEWHERE, ownerId: evil, hostname: evil });
    const unsafe = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
    const { stdout } = await called(['ls', folder()]);
    expect(stdout).not.toMatch(unsafe);
    expect(stdout.split('\n')).toHaveLength(3);
    expect(stdout).toContain('\\u{1b}[31mred\\u{9b}2J\\u{a}\\u{d}\\u{202e}txet 100% "quoted"');
    expect((await called(['ls', folder(), '--json'])).stdout).not.toMatch(unsafe);
    expect(await listed()).toMatchObject([{ file: join(folder(), evil), holder: { ownerId: evil } }]);
  });

  it('says on standard error that there are none, but not with --quiet', async () => {
    const none = await called(['ls', folder()]);
    expect(none).toEqual({
      code: 0,
      signal: null,
      stdout: '',
      stderr: `vfs-lockfile: there are no locks in ${folder()}\n`,
    });
    expect(await called(['ls', folder(), '-q'])).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });

  it('goes on past a folder that it may not list, says so, and ends with 74', async () => {
    putLock(folder(), 'a');
    mkdirSync(join(folder(), 'closed'));
    putLock(folder(), 'open/b');
    chmodSync(folder(), 0o755);
    chmodSync(join(folder(), 'open'), 0o755);
    chmodSync(join(folder(), 'closed'), 0o700);
    const uid = process.getuid?.() === 0 ? { uid: 65_534 } : undefined;
    if (!uid) chmodSync(join(folder(), 'closed'), 0o000);
    const { code, stdout, stderr } = await called(['ls', '-r', '--json', folder()], uid);
    chmodSync(join(folder(), 'closed'), 0o700);
    expect(
      parsed(stdout)
        .map(({ file }) => file)
        .sort(),
    ).toEqual([join(folder(), 'a'), join(folder(), 'open/b')]);
    expect(stderr).toMatch(/^vfs-lockfile: cannot list \S+closed: [^\n]+\n$/);
    expect(code).toBe(74);
  });

  it('ends quietly when nobody reads its output', async () => {
    for (let i = 0; i < 3000; i += 1) putLock(folder(), `${i}`);
    const script = `{ "$0" "$1" ls ${folder()} --json; echo "ended with $?" >&2; } | head -n 1`;
    const { stdout, stderr } = await start('bash', ['-c', script, process.execPath, CLI]).outcome;
    expect(parsed(stdout)).toHaveLength(1);
    expect(stderr).toBe('ended with 0\n');
  });

  it('prints the number of locks found when it is interrupted', async () => {
    for (let i = 0; i < 5000; i += 1) putLock(folder(), `${i}`);
    const listing = cli(['ls', folder()]);
    await eventually(() => expect(listing.stdout()).not.toBe(''));
    listing.child.kill('SIGINT');
    const { code, stderr, stdout } = await listing.outcome;
    expect(code).toBe(130);
    const [, found] = /^vfs-lockfile: interrupted: (\d+) locks? found so far, there may be more\n$/.exec(stderr) ?? [];
    expect(stdout.trimEnd().split('\n')).toHaveLength(Number(found) + 1);
  });
});

describe('ls --watch', () => {
  it('prints each change once where there is no terminal', async () => {
    putLock(folder(), 'a');
    const lock = putLock(folder(), 'b', 0, { ...ELSEWHERE, lockId: '1' });
    const watching = cli(['ls', folder(), '--watch', '--json']);
    const told = (): unknown[] =>
      watching.stdout() === '' ? [] : parsed(watching.stdout()).map(({ state, id }) => [state, id]);
    await eventually(() => expect(told()).toHaveLength(2));
    putLock(folder(), 'b', 0, { ...ELSEWHERE, lockId: '2' });
    await eventually(() => expect(told()).toHaveLength(3));
    rmSync(lock);
    putLock(folder(), 'a', 100);
    await eventually(() => expect(told()).toHaveLength(5));
    watching.child.kill('SIGINT');
    expect(await watching.outcome).toMatchObject({ code: 130, stderr: '' });
    expect(told().slice(2).sort()).toEqual([
      ['free', null],
      ['held', '2'],
      ['stale', 'id-of-theirs'],
    ]);
  });
});
