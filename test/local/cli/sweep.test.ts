import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { called, calledShared, cli, eventually, matching, useFolder } from '../../support/cli/harness.js';
import { ELSEWHERE, HELD_FOR_LONG, putLock } from '../../support/cli/locks.js';

const folder = useFolder();

function inbox(): void {
  putLock(folder(), 'held', 0, HELD_FOR_LONG);
  putLock(folder(), 'stale', 100);
  putLock(folder(), 'older', 500);
  putLock(folder(), 'yarn', 500, '# not a lock record');
  putLock(folder(), 'below/stale', 100);
}

const locks = (): readonly string[] =>
  readdirSync(folder())
    .filter((name) => name.endsWith('.lock'))
    .sort();

describe('sweep', () => {
  it('removes what is stale, and prints what it removed and what it kept', async () => {
    inbox();
    const { code, stdout, stderr } = await called(['sweep', folder()]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [titles, ...lines] = stdout.trimEnd().split('\n');
    expect(titles).toBe('DONE\tWHAT\tWHY\tIDLE\tOWNER\tHOST\tPID');
    expect(lines.slice(0, -1).sort()).toEqual([
      matching(/^removed\tolder\.lock\texpired\t\d+m \d+s\tthem\telsewhere\t77$/),
      matching(/^removed\tstale\.lock\texpired\t\d+m \d+s\tthem\telsewhere\t77$/),
    ]);
    expect(lines.at(-1)).toMatch(/^removed 2, left 2; in all /);
    expect(locks()).toEqual(['held.lock', 'yarn.lock']);
    expect(existsSync(join(folder(), 'below', 'stale.lock'))).toBe(true);
    expect((await calledShared(['sweep', folder()])).stdout).toMatch(/^removed 0, left 2; in all /);
  });

  it('removes nothing with --dry-run, inner folders only with --recursive, and only what is old enough', async () => {
    inbox();
    const before = locks();
    const dry = await calledShared(['sweep', folder(), '--dry-run', '--recursive']);
    expect(dry).toMatchObject({ code: 0, stdout: matching(/^would-remove\t\S*stale\.lock/m), stderr: '' });
    expect(dry.stdout).toMatch(/^would remove 3, left 2/m);
    expect(locks()).toEqual(before);
    await calledShared(['sweep', folder(), '-r', '--older-than', '5m']);
    expect(locks()).toEqual(['held.lock', 'stale.lock', 'yarn.lock']);
    expect((await calledShared(['sweep', folder(), '-r', '--concurrency', '1', '-q'])).stdout).toBe('');
    expect(existsSync(join(folder(), 'below', 'stale.lock'))).toBe(false);
    expect(locks()).toEqual(['held.lock', 'yarn.lock']);
    putLock(folder(), 'empty', 500, '');
    await calledShared(['sweep', folder(), '--unreadable']);
    expect(locks()).toEqual(['held.lock', 'yarn.lock']);
  });

  it('prints everything, kept locks too, as one object per line', async () => {
    inbox();
    const { stdout } = await calledShared(['sweep', folder(), '--json']);
    const objects = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
    expect(objects.pop()).toMatchObject({ schema: 1, type: 'sweep-totals', removed: 2, left: 2, failed: 0 });
    const told = objects.sort((one, other) => (String(one.path) < String(other.path) ? -1 : 1));
    expect(told.map(({ action, reason, kind }) => [action, reason, kind])).toEqual([
      ['left', 'held', 'lock'],
      ['removed', 'expired', 'lock'],
      ['removed', 'expired', 'lock'],
      ['left', 'foreign', 'lock'],
    ]);
    expect(told[1]).toMatchObject({
      file: join(folder(), 'older'),
      record: { lockId: 'id-of-theirs', ownerId: 'them' },
    });
    const table = await calledShared(['sweep', folder(), '--all']);
    expect(table.stdout).toMatch(/^left\theld\.lock\theld/m);
  });

  it('finishes the removals it has begun and prints its progress when it is interrupted', async () => {
    const count = 4000;
    for (let i = 0; i < count; i += 1) putLock(folder(), `${i}`, 500, { ...ELSEWHERE, lockId: `${i}` });
    const sweeping = cli(['sweep', folder()]);
    await eventually(() => expect(sweeping.stdout()).not.toBe(''));
    sweeping.child.kill('SIGINT');
    const { code, stderr, stdout } = await sweeping.outcome;
    expect(code).toBe(130);
    const [, removed] = /^vfs-lockfile: interrupted in \S+: removed (\d+), left \d+.* so far\n$/.exec(stderr) ?? [];
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .filter((line) => line.startsWith('removed')),
    ).toHaveLength(Number(removed));
    expect(Number(removed)).toBeLessThan(count);
    expect(count - locks().length).toBeGreaterThanOrEqual(Number(removed));
    expect(readdirSync(folder()).filter((name) => name.endsWith('.guard'))).toEqual([]);
    console.log(`of ${count} stale locks ${count - locks().length} were removed, ${removed} printed`);
  }, 300_000);
});
