import { chmodSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { called, calledShared, cli, CLI, eventually, matching, start, useFolder } from '../../support/cli/harness.js';
import { ELSEWHERE, HELD_FOR_LONG, putLock } from '../../support/cli/locks.js';

const folder = useFolder();

interface Line {
  readonly state: string;
  readonly file: string;
  readonly [name: string]: unknown;
}

/** The lines of a table without a terminal, cell by cell. */
const cellsOf = (stdout: string): readonly (readonly string[])[] =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'));

const parsed = (stdout: string): readonly Line[] =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

async function listed(...options: readonly string[]): Promise<readonly Line[]> {
  const { code, stdout, stderr } = await calledShared(['ls', folder(), '--json', ...options]);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return [...parsed(stdout)].sort((one, other) => (one.file < other.file ? -1 : 1));
}

describe('ls', () => {
  it('prints each lock as status does, one object per line, and changes nothing', async () => {
    putLock(folder(), 'a');
    putLock(folder(), 'b', 100);
    putLock(folder(), 'c', 1, '');
    putLock(folder(), 'd', 0, { ...ELSEWHERE, released: true });
    putLock(join(folder(), 'below'), 'e');
    const before = readdirSync(folder());
    const all = await listed('--all');
    expect(all.map(({ state, reason }) => [state, reason])).toEqual([
      ['held', null],
      ['stale', 'expired'],
      ['unreadable', null],
      ['released', null],
    ]);
    const { stdout } = await called(['status', join(folder(), 'a'), '--json']);
    expect(Object.keys(all[0]!)).toEqual(Object.keys(parsed(stdout)[0]!));
    expect(all[0]).toMatchObject({ id: 'id-of-theirs', record: { ownerId: 'them', pid: 77, leaseMs: 60_000 } });
    expect(all[3]).toMatchObject({ id: null, record: null });
    expect(readdirSync(folder())).toEqual(before);
    expect((await listed('--recursive')).map(({ file }) => file)).toContain(join(folder(), 'below', 'e'));
  });

  it('U39: separates cells by tabs where there is no terminal, without any colour, cut nowhere', async () => {
    const long = 'x'.repeat(200);
    putLock(folder(), 'inbox/data of today.csv', 0, { ...ELSEWHERE, command: ['make', 'all of it'] });
    putLock(folder(), `inbox/${long}`, 100);
    const args = ['ls', join(folder(), 'inbox')];
    const { stdout, stderr, code } = await called(args, { env: { FORCE_COLOR: '1' } });
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    const titles = ['STATE', 'FILE', 'OWNER', 'HOST', 'PID', 'COMMAND', 'AGE', 'RENEWED', 'EXPIRES', 'WHY'];
    const who = ['them', 'elsewhere', '77'];
    const rows = [
      ['held', 'data of today.csv', ...who, "make 'all of it'", matching(/^\d+s$/), '', matching(/^(\d+s|1m 0s)$/), ''],
      ['stale', long, ...who, '', matching(/^\d+m \d+s$/), '', 'now', 'expired'],
    ];
    expect(cellsOf(stdout)).toEqual([titles, ...rows]);
    expect(cellsOf((await calledShared([...args, '--no-headers'])).stdout)).toEqual(rows);
    const [wide] = cellsOf((await calledShared([...args, '-o', 'wide'])).stdout);
    expect(wide).toEqual([...titles, 'WAITERS', 'USER', 'RENEWALS', 'ID', 'NOTE', 'LOCK', 'PROGRESS']);
  });

  it('U35: is sorted by file, by --sort, and shows what --state, --owner and --older-than choose', async () => {
    // Ages so far apart that the time which the test takes changes none of them.
    const theirs = HELD_FOR_LONG;
    putLock(folder(), 'b', 2000, theirs);
    putLock(folder(), 'a', 100, { ...theirs, ownerId: 'zoe' });
    putLock(folder(), 'd', 4000, { ...theirs, ownerId: 'ann' });
    putLock(folder(), 'c', 3000, { ...theirs, ttl: 1000e9 });
    putLock(folder(), 'gone', 0, { ...theirs, released: true });
    const names = async (...options: readonly string[]): Promise<string> =>
      cellsOf((await calledShared(['ls', folder(), '--no-headers', ...options])).stdout)
        .map(([, name]) => name)
        .join(' ');
    expect(await names()).toBe('a b c d');
    expect(await names('--all')).toBe('a b c d gone');
    expect(await names('--sort', 'age')).toBe('d c b a');
    expect(await names('--sort', 'state')).toBe('c d b a');
    expect(await names('--sort', 'owner')).toBe('d b c a');
    expect(await names('--sort', 'expires')).toBe('c d b a');
    expect(await names('--state', 'stale,released')).toBe('c gone');
    expect(await names('--owner', 'them')).toBe('b c');
    expect(await names('--older-than', '45m')).toBe('c d');
    const none = await calledShared(['ls', folder(), '--owner', 'nobody']);
    expect(none.stderr).toBe(`vfs-lockfile: there are no locks that match in ${folder()}\n`);
  });

  it('U35: lists several folders and files, the one where it is called if none is named', async () => {
    for (const name of ['one/a', 'two/b', 'two/c']) putLock(folder(), name, 0, HELD_FOR_LONG);
    const names = async (...args: readonly string[]): Promise<unknown> =>
      cellsOf((await calledShared(['ls', '--no-headers', ...args], { cwd: folder() })).stdout).map(([, name]) => name);
    expect(await names('-r')).toEqual(['one/a', 'two/b', 'two/c']);
    expect(await names('one/', 'two')).toEqual(['one/a', 'two/b', 'two/c']);
    expect(await names('two/b', 'two/b.lock', 'one/a')).toEqual(['one/a', 'two/b']);
    expect(await names('.', 'two', 'two/b', '-r')).toEqual(['./one/a', './two/b', './two/c']);
    const lacking = await calledShared(['ls', 'none', 'one', 'gone.lock', '--no-headers'], { cwd: folder() });
    expect(lacking).toMatchObject({ code: 64, stdout: matching(/^held\tone\/a\t[^\n]*\n$/) });
    expect(lacking.stderr).toMatch(/^vfs-lockfile: there is no folder \S+none\n$/);
    const metrics = await calledShared(['ls', 'none', 'one', '--format', 'prometheus'], { cwd: folder() });
    expect(metrics.stdout).toContain('vfs_lockfile_list_failures{location="none"} 1\n');
    const several = ['status', 'one/a', 'two/none', '--json'];
    const { code, stdout } = await calledShared(several, { cwd: folder() });
    expect({ code, states: parsed(stdout).map(({ state }) => state) }).toEqual({ code: 1, states: ['held', 'free'] });
  });

  it('U36: does not say that there are none where it could not read one of the places', async () => {
    putLock(folder(), 'open/a', 0, HELD_FOR_LONG);
    mkdirSync(join(folder(), 'closed'));
    chmodSync(folder(), 0o755);
    chmodSync(join(folder(), 'open'), 0o755);
    const uid = process.getuid?.() === 0 ? { uid: 65_534 } : undefined;
    chmodSync(join(folder(), 'closed'), uid ? 0o700 : 0o000);
    const [closed, open] = [join(folder(), 'closed'), join(folder(), 'open')];
    const both = await called(['ls', closed, open, '--no-headers'], uid);
    const one = await called(['ls', closed], uid);
    const metrics = await called(['ls', closed, open, '--format', 'prometheus'], uid);
    chmodSync(closed, 0o700);
    expect(both).toMatchObject({ code: 74, stdout: matching(/^held\t\S*open\/a\t[^\n]*\n$/) });
    for (const { stderr } of [both, one]) expect(stderr).toMatch(/^vfs-lockfile: cannot list \S+closed: [^\n]+\n$/);
    expect(one).toMatchObject({ code: 74, stdout: '' });
    expect(metrics.code).toBe(74);
    expect(metrics.stdout).toContain(`vfs_lockfile_list_failures{location="${closed}"} 1\n`);
    expect(metrics.stdout).toContain(`vfs_lockfile_locks{location="${open}",state="held"} 1\n`);
  });

  it('prints metrics of each location for a textfile collector', async () => {
    putLock(folder(), 'in "quotes"/a', 30);
    putLock(folder(), 'in "quotes"/b', 100);
    const { code, stdout, stderr } = await calledShared([
      'ls',
      '--format',
      'prometheus',
      join(folder(), 'in "quotes"'),
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const labels = `location="${folder()}/in \\"quotes\\""`;
    expect(stdout).toContain(`# TYPE vfs_lockfile_locks gauge\nvfs_lockfile_locks{${labels},state="held"} 1\n`);
    expect(stdout).toContain(`vfs_lockfile_locks{${labels},state="stale"} 1\n`);
    const [, age] = /^vfs_lockfile_oldest_lock_age_seconds\{.*\} ([\d.]+)$/m.exec(stdout) ?? [];
    expect(Number(age)).toBeGreaterThanOrEqual(100);
    const line = /^(# (HELP|TYPE) \w+ .+|\w+\{\w+="([^"\\\n]|\\.)*"(,\w+="\w+")?\} \d+(\.\d+)?)$/;
    for (const each of stdout.trimEnd().split('\n')) expect(each).toMatch(line);
  });

  it('U39: ends with 74 when what it prints cannot be written', async () => {
    putLock(folder(), 'a');
    const script = `"$0" "$1" ls ${folder()} >/dev/full; echo "ended with $?"`;
    const { stdout, stderr } = await start('bash', ['-c', script, process.execPath, CLI]).outcome;
    expect(stdout).toBe('ended with 74\n');
    expect(stderr).toMatch(/^vfs-lockfile: cannot write to standard output: ENOSPC[^\n]*\n$/);
  });

  it('prints nothing that a terminal would obey, whatever names and owners are', async () => {
    const evil = '\u{1b}[31mred\u{9b}2J\n\r\u{202e}txet 100% "quoted"';
    putLock(folder(), evil, 0, { ...ELSEWHERE, ownerId: evil, hostname: evil });
    const unsafe = /(?![\t\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
    const { stdout } = await calledShared(['ls', folder()]);
    expect(stdout).not.toMatch(unsafe);
    expect(stdout.split('\n')).toHaveLength(3);
    expect(stdout).toContain('\\u{1b}[31mred\\u{9b}2J\\u{a}\\u{d}\\u{202e}txet 100% "quoted"');
    expect((await calledShared(['ls', folder(), '--json'])).stdout).not.toMatch(unsafe);
    expect(await listed()).toMatchObject([{ file: join(folder(), evil), record: { ownerId: evil } }]);
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
    const listing = cli(['ls', folder(), '--sort', 'none']);
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
