import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';

import { cli, eventually, matching, useFolder } from '../../support/cli/harness.js';
import { SilentListener } from '../../support/silent-listener.js';

const folder = useFolder();

describe('U3: the command line before a server that accepts and never answers', () => {
  let listener: SilentListener;
  beforeEach(async () => void (listener = await SilentListener.open()));
  afterEach(() => listener.close());

  const env = (): Record<string, string> => ({
    AWS_ENDPOINT_URL: `http://127.0.0.1:${String(listener.port)}`,
    AWS_ACCESS_KEY_ID: 'a',
    AWS_SECRET_ACCESS_KEY: 'b',
    HOME: folder(),
  });
  const targets = [
    ['S3', () => 's3://bucket/x'],
    ['SFTP', () => `sftp://u@127.0.0.1:${String(listener.port)}/x`],
  ] as const;

  it.each(targets)('ends by --wait, and does not claim that somebody holds the lock: %s', async (_name, target) => {
    const running = cli(['run', '--wait', '300ms', target(), '--', 'true'], { env: env() });
    expect(await running.outcome).toMatchObject({
      code: 74,
      stderr: matching(/127\.0\.0\.1:\d+.*did not answer for 300 ms; nobody is known to hold the lock/),
    });
  });

  it.each(targets)('ends at the first interrupt: %s', async (_name, target) => {
    const running = cli(['run', target(), '--', 'true'], { env: env() });
    await eventually(() => expect(listener.accepted).toBeGreaterThan(0));
    running.child.kill('SIGINT');
    expect(await running.outcome).toMatchObject({ code: 130, stdout: '' });
  });
});

test('W1: the command line, with a foreign folder in the guard, ends at an interrupt, and names the folder', async () => {
  const spoil = `cd '${folder()}'; rmdir .vfs-lockfile-*; mkdir -p x.lock.guard/backup`;
  const running = cli(['run', join(folder(), 'x'), '--', 'sh', '-c', `${spoil}; echo done; exec sleep 600`]);
  await eventually(() => expect(running.stdout()).toBe('done\n'));
  running.child.kill('SIGINT');
  expect(await running.outcome).toMatchObject({
    code: 130,
    stderr: matching(/x\.lock\.guard contains "backup", which this library did not make.*stays locked/s),
  });
});

const mayMount = process.getuid?.() === 0 && existsSync('/dev/fuse');

describe.skipIf(!mayMount)('W7: the command line before a disk that hangs (needs root, to mount one)', () => {
  let fuse: number;
  const disk = (): string => join(folder(), 'disk');

  // Nobody ever reads what the kernel asks for.
  beforeEach(() => {
    mkdirSync(disk());
    fuse = openSync('/dev/fuse', 'r+');
    const options = 'fd=3,rootmode=40000,user_id=0,group_id=0';
    execFileSync('mount', ['-i', '-t', 'fuse', '-o', options, 'none', disk()], {
      stdio: ['ignore', 'pipe', 'pipe', fuse],
    });
  });
  afterEach(() => {
    closeSync(fuse);
    execFileSync('umount', ['--lazy', disk()]);
  });

  it('ends at the first interrupt', async () => {
    const running = cli(['run', join(disk(), 'x'), '--', 'true']);
    await eventually(() => expect(isStuck(running.pid)).toBe(true));
    running.child.kill('SIGINT');
    expect(await running.outcome).toMatchObject({ signal: 'SIGINT', stdout: '' });
  });

  it('ends by --wait, and does not claim that somebody holds the lock', async () => {
    const running = cli(['run', '--wait', '300ms', join(disk(), 'x'), '--', 'true']);
    const { signal, stderr } = await running.outcome;
    expect(stderr).toMatch(/disk\/x\.lock.*did not answer for 300 ms; nobody is known to hold the lock/);
    // The thread that waits for the disk cannot be ended in any other way.
    expect(signal).toBe('SIGKILL');
  });
});

/** Whether a thread of the process waits for the disk. */
function isStuck(pid: number): boolean {
  const tasks = `/proc/${String(pid)}/task`;
  const states = readdirSync(tasks).map(
    (task) =>
      readFileSync(join(tasks, task, 'stat'), 'utf8')
        .split(') ')
        .at(-1)?.[0],
  );
  return states.includes('D');
}
