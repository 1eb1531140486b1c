import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { beatsIn, namesIn } from '../../support/cli/beats.js';
import { called, cli, eventually, isAlive, own, useFolder } from '../../support/cli/harness.js';

const folder = useFolder();
const file = (): string => join(folder(), 'data.csv');
const log = (): string => join(folder(), 'log');

interface Recorded {
  readonly pid: number;
  readonly processGroup: number;
  readonly user: string;
  readonly command: readonly string[];
  readonly tool?: string;
}

const recorded = (): Recorded => JSON.parse(readFileSync(`${file()}.lock`, 'utf8')) as Recorded;

it('E4: where the CLI and its guardian are killed together, the lock protects the command, and is stale at once when that ends', async () => {
  const command = [...own('beat.mjs'), log(), 'a'];
  const running = cli(['run', file(), '--ttl', '10m', '--', ...command]);
  await eventually(() => expect(namesIn(log())).toEqual(['a']));
  // Before the group is known, only the lease counts.
  await eventually(() => expect(recorded().processGroup).toBeGreaterThan(0));
  const { pid, processGroup } = recorded();
  expect(recorded().command).toEqual(command);
  expect(recorded().user).not.toBe('');
  process.kill(pid, 'SIGSTOP');
  running.child.kill('SIGKILL');
  process.kill(pid, 'SIGKILL');
  // Its output stays open: COMMAND has it, too.
  await eventually(() => expect([running.pid, pid].map(isAlive)).toEqual([false, false]));
  expect(beatsIn(log())[0]?.pid).toBe(processGroup);
  expect(await called(['status', file(), '-q'])).toMatchObject({ code: 1 });
  const refused = await called(['run', file(), '-E', '7', '--', 'true']);
  expect(refused).toMatchObject({ code: 7 });
  expect(refused.stderr).toContain(`running ${command.join(' ')}`);
  expect(isAlive(processGroup)).toBe(true);
  process.kill(-processGroup, 'SIGKILL');
  await eventually(() => expect(isAlive(processGroup)).toBe(false));
  const taken = await called(['run', file(), '--', 'true']);
  expect(taken.stderr).toMatch(
    /^vfs-lockfile: took over the stale lock .*, as its process has ended; it was held by process /,
  );
  expect(taken.code).toBe(0);
});

it('U38: run says which command it runs unless that is secret, and of which version it is, and ends one that runs for too long', async () => {
  const secret = await called(['run', file(), '--no-command', '--', 'sh', '-c', 'cat "$VFS_LOCKFILE_PATH.lock"']);
  expect(JSON.parse(secret.stdout)).not.toHaveProperty('command');
  expect((JSON.parse(secret.stdout) as Recorded).tool).toMatch(/^vfs-lockfile \d+\.\d+\.\d+/);
  const long = await called(['run', file(), '--max-hold', '1ms', '--', 'sleep', '600']);
  expect(long).toMatchObject({
    code: 124,
    stderr: 'vfs-lockfile: ended sleep, which ran for longer than --max-hold\n',
  });
});
