import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { called, eventually, own, start, useFolder } from '../../support/cli/harness.js';

const folder = useFolder();
const file = (): string => join(folder(), 'data.csv');

/** The lock file as the command found it. */
async function lockOf(env: Readonly<Record<string, string>>, ...options: readonly string[]): Promise<unknown> {
  const { code, stdout, stderr } = await called(['run', file(), ...options, '--', 'cat', `${file()}.lock`], { env });
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return JSON.parse(stdout);
}

async function held(): Promise<void> {
  const [node, script] = own('hold.mjs');
  const holder = start(node, [script, file(), '{}']);
  await eventually(() => expect(holder.stdout()).toBe('held\n'));
}

describe('the environment gives defaults', () => {
  it('for the ttl and the owner', async () => {
    const env = { VFS_LOCKFILE_TTL: '5m', VFS_LOCKFILE_OWNER: 'nightly' };
    expect(await lockOf(env)).toMatchObject({ ttl: 300e9, ownerId: 'nightly' });
    expect(await lockOf({ VFS_LOCKFILE_TTL: 'never' })).toMatchObject({ ttl: 0 });
  });

  it('for the wait', async () => {
    await held();
    const outcome = await called(['run', file(), '--', 'true'], { env: { VFS_LOCKFILE_WAIT: '60ms' } });
    expect(outcome.stderr).toMatch(/gave up after 60 ms/);
    expect(outcome.code).toBe(79);
    expect(await called(['run', file(), '--', 'true'], { env: { VFS_LOCKFILE_WAIT: '0' } })).toMatchObject({
      code: 75,
    });
  });

  it('that options override, however bad they are', async () => {
    const env = { VFS_LOCKFILE_TTL: 'soon', VFS_LOCKFILE_OWNER: 'x'.repeat(300), VFS_LOCKFILE_WAIT: 'soon' };
    const lock = await lockOf(env, '--ttl', '2m', '--owner', 'me', '--wait', '1s');
    expect(lock).toMatchObject({ ttl: 120e9, ownerId: 'me' });
  });

  it('and an empty variable none', async () => {
    const lock = await lockOf({ VFS_LOCKFILE_TTL: '', VFS_LOCKFILE_OWNER: '', VFS_LOCKFILE_WAIT: '' });
    expect(lock).toMatchObject({ ttl: 30e9 });
    expect(lock).not.toHaveProperty('ownerId');
  });

  it('good enough for --grace', async () => {
    expect(await lockOf({ VFS_LOCKFILE_TTL: '1m' }, '--grace', '5s')).toMatchObject({ ttl: 60e9, grace: 5000 });
  });
});

describe('a bad default in the environment is named, and starts nothing', () => {
  const table: readonly (readonly [Record<string, string>, RegExp, readonly string[]])[] = [
    [{ VFS_LOCKFILE_TTL: '30' }, /^vfs-lockfile: VFS_LOCKFILE_TTL must be a duration .* or never; got "30"\n$/, []],
    [{ VFS_LOCKFILE_TTL: '999ms' }, /^vfs-lockfile: VFS_LOCKFILE_TTL must be at least 1s/, []],
    [{ VFS_LOCKFILE_TTL: '1s' }, /leave half of the VFS_LOCKFILE_TTL/, ['--margin=450ms']],
    [
      { VFS_LOCKFILE_WAIT: 'a\nwhile' },
      /^vfs-lockfile: VFS_LOCKFILE_WAIT must be a duration .*; got "a\\nwhile"\n$/,
      [],
    ],
    [{ VFS_LOCKFILE_OWNER: 'x'.repeat(257) }, /^vfs-lockfile: VFS_LOCKFILE_OWNER must have at most 256 characters/, []],
  ];

  it.each(table)('%j', async (env, message, options) => {
    const outcome = await called(['run', file(), ...options, '--', 'touch', join(folder(), 'mark')], { env });
    expect(outcome.stderr).toMatch(message);
    expect(outcome).toMatchObject({ code: 64, stdout: '' });
    expect(readdirSync(folder())).toEqual([]);
  });
});
