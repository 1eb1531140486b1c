import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { lockSync, withLockSync } from '../../../src/index.js';
import { called, calledShared, useFolder } from '../../support/cli/harness.js';
import { putLock } from '../../support/cli/locks.js';

const folder = useFolder();

describe('--lock-file', () => {
  it('makes run, status and unlock use another lock file', async () => {
    const file = join(folder(), 'yarn');
    mkdirSync(join(folder(), 'locks'));
    putLock(folder(), 'yarn', 100_000, '# yarn lockfile v1');
    const other = ['--lock-file', join(folder(), 'locks', 'yarn.lock')];
    const inner = ['sh', '-c', `test -e '${other[1]!}' && exec "$@"`, 'sh', 'echo', 'ran'];
    expect(await called(['run', file, ...other, '--', ...inner])).toMatchObject({
      code: 0,
      stdout: 'ran\n',
      stderr: '',
    });
    const held = lockSync(file, { lockPath: other[1] });
    expect((await called(['status', file, ...other])).code).toBe(1);
    expect((await called(['run', file, ...other, '--', 'true'])).code).toBe(75);
    const status = JSON.parse((await calledShared(['status', file, ...other, '--json'])).stdout) as {
      readonly id: string;
    };
    expect((await called(['unlock', file, ...other, '--expect', status.id])).code).toBe(0);
    expect(held.release()).toBe(false);
    expect((await calledShared(['status', file])).code).toBe(4);
    withLockSync(file, () => undefined, { lockPath: 'locks/yarn.lock' });
  });
});

describe('U4: a FILE that is itself a lock file', () => {
  it('means that lock for run, status and unlock, which say so', async () => {
    const lock = putLock(folder(), 'orders.csv', 0, { hostname: 'elsewhere', pid: 1, ttl: 600e9, lockId: 'the-id' });
    const note = `vfs-lockfile: ${lock} is a lock file: taking it for the lock of ${join(folder(), 'orders.csv')}\n`;
    expect(await calledShared(['status', lock])).toMatchObject({ code: 1, stderr: note });
    expect((await called(['run', lock, '--', 'true'])).code).toBe(75);
    expect(existsSync(`${lock}.lock`)).toBe(false);
    expect(await calledShared(['unlock', lock, '--expect', 'the-id'])).toMatchObject({ code: 0, stderr: note });
    expect((await calledShared(['status', lock])).code).toBe(0);
    expect(existsSync(`${lock}.lock`)).toBe(false);
  });

  it('is a file like any other when another program wrote it, or when it does not exist', async () => {
    const yarn = putLock(folder(), 'yarn', 0, '# yarn lockfile v1');
    expect(await called(['run', yarn, '--', 'true'])).toMatchObject({ code: 0, stderr: '' });
    expect(await calledShared(['status', join(folder(), 'none.lock')])).toMatchObject({ code: 0, stderr: '' });
  });
});
