import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { beatsIn, lastBeatOf, namesIn } from '../../support/cli/beats.js';
import {
  called,
  cli,
  descendants,
  eventually,
  isAlive,
  own,
  processState,
  type Running,
  useFolder,
} from '../../support/cli/harness.js';
import { slowness } from '../../support/slowness.js';

const folder = useFolder();
const inbox = (): string => join(folder(), 'inbox');
const file = (): string => join(inbox(), 'data.csv');
const lock = (): string => `${file()}.lock`;
const log = (): string => join(folder(), 'log');

/** What has to happen in time has more of it on a machine that is busy. */
const pace = Math.min(4, await slowness());
const times = (options: Readonly<Record<string, number>>): readonly string[] =>
  Object.entries(options).flatMap(([name, ms]) => [`--${name}`, `${Math.ceil(ms * pace)}ms`]);

const LEASE = times({ ttl: 3000, margin: 700, 'kill-after': 300 });
/** With time for a command to tidy up. */
const LONG_LEASE = times({ ttl: 7000, margin: 500, 'kill-after': 2500 });

/** Waits as a shell without a loss: dash forgets a signal that comes while it starts a command, as in a loop of short ones. */
const WAIT = 'sleep 600 & echo ready; wait';

/** A command that ignores every signal it can, with two more of that kind in its group. */
async function deafOnes(...options: readonly string[]): Promise<Running> {
  mkdirSync(inbox());
  const command = [...own('beat.mjs'), log(), 'a', '--deaf', '--children', '2'];
  const running = cli(['run', file(), ...options, '--', ...command]);
  await eventually(() => expect(namesIn(log())).toEqual(['a', 'a.1', 'a.2']));
  return running;
}

/** When the lease of a lock file ends, by the clock of the disk. */
function leaseEndMs(path: string): number {
  const { ttl, lease = ttl / 1e6 } = JSON.parse(readFileSync(path, 'utf8')) as { ttl: number; lease?: number };
  return statSync(path).mtimeMs + lease;
}

/** The process that the lock names as its holder. */
function guardianOf(path: string): number {
  return (JSON.parse(readFileSync(path, 'utf8')) as { pid: number }).pid;
}

describe('when the lock cannot be renewed', () => {
  it('ends a group deaf to SIGTERM before the lease is over', async () => {
    const running = await deafOnes(...LEASE);
    renameSync(inbox(), `${inbox()}.away`);
    const { code, stderr } = await running.outcome;
    expect(lastBeatOf(log(), 'a').atMs).toBeLessThan(leaseEndMs(`${inbox()}.away/data.csv.lock`));
    expect(descendants()).toEqual([]);
    expect(stderr).toMatch(/^vfs-lockfile: .*inbox\/data\.csv.*; COMMAND was ended\n$/m);
    expect(code).toBe(80);
  });

  it('lets a command that listens to SIGTERM end by itself', async () => {
    mkdirSync(inbox());
    const script = `trap 'echo tidied up; exit 0' TERM; ${WAIT}`;
    const running = cli(['run', file(), ...LONG_LEASE, '--', 'sh', '-c', script]);
    await eventually(() => expect(running.stdout()).toBe('ready\n'));
    renameSync(inbox(), `${inbox()}.away`);
    expect(await running.outcome).toMatchObject({ code: 80, stdout: 'ready\ntidied up\n' });
  });

  it('goes on when the store comes back in time', async () => {
    const running = await deafOnes(...times({ ttl: 6000, margin: 500, 'kill-after': 500 }));
    const firstEndMs = leaseEndMs(lock());
    renameSync(inbox(), `${inbox()}.away`);
    await eventually(() => expect(Date.now()).toBeGreaterThan(firstEndMs - 3000 * pace));
    renameSync(`${inbox()}.away`, inbox());
    await eventually(() => expect(Date.now()).toBeGreaterThan(firstEndMs));
    await eventually(() => expect(leaseEndMs(lock())).toBeGreaterThan(firstEndMs));
    expect(isAlive(lastBeatOf(log(), 'a').pid)).toBe(true);
    for (const pid of new Set(beatsIn(log()).map((beat) => beat.pid))) process.kill(pid, 'SIGKILL');
    expect(await running.outcome).toMatchObject({ code: 137, stderr: '' });
  });
});

describe('when the lock is taken away', () => {
  it.each([
    ['stolen', (): void => writeFileSync(lock(), '{"ttl":0,"hostname":"elsewhere","pid":1}'), "somebody else's record"],
    ['removed', (): void => rmSync(lock()), 'the lock file is gone or says that it is free'],
  ])('ends a group deaf to SIGTERM, and touches no lock: %s', async (_how, takeAway, words) => {
    const running = await deafOnes('--ttl', '10m', '--kill-after', '200ms');
    takeAway();
    const { code, stderr } = await running.outcome;
    expect(descendants()).toEqual([]);
    expect(stderr).toMatch(/^vfs-lockfile: lost the lock [^\n]*; COMMAND was ended\n$/);
    expect(stderr).toContain(words);
    expect(code).toBe(80);
    expect(await called(['status', file()])).toMatchObject({ code: _how === 'stolen' ? 1 : 0 });
  });

  it('says so even when the command ended well by itself', async () => {
    mkdirSync(inbox());
    const outcome = await called(['run', file(), '--', 'sh', '-c', `rm ${lock()}; exit 0`]);
    expect(outcome.code).toBe(80);
    expect(outcome.stderr).toMatch(
      /the lock file is gone or says that it is free; COMMAND (had ended by itself|was ended)\n$/,
    );
  });
});

describe('when one of the two processes that watch over the command stands still', () => {
  it('the guardian ends the group before the lease is over', async () => {
    const running = await deafOnes(...LEASE);
    running.child.kill('SIGSTOP');
    await eventually(() => expect(descendants().map((pid) => processState(pid)?.state)).toContain('T'));
    const next = cli(['run', file(), '--wait', 'never', '-q', '--', ...own('beat.mjs'), log(), 'next']);
    await eventually(() => expect(namesIn(log())).toContain('next'));
    const order = beatsIn(log()).map(({ name }) => name.charAt(0));
    expect(order.indexOf('n')).toBe(order.lastIndexOf('a') + 1);
    running.child.kill('SIGCONT');
    expect(await running.outcome).toMatchObject({ code: 80 });
    next.child.kill('SIGTERM');
    expect(await next.outcome).toMatchObject({ code: 143, stderr: '' });
  });

  it('the other one does', async () => {
    const running = await deafOnes(...LEASE);
    process.kill(guardianOf(lock()), 'SIGSTOP');
    renameSync(inbox(), `${inbox()}.away`);
    const { code } = await running.outcome;
    expect(lastBeatOf(log(), 'a').atMs).toBeLessThan(leaseEndMs(`${inbox()}.away/data.csv.lock`));
    expect(code).toBe(80);
    await eventually(() => expect(descendants()).toEqual([]));
  });

  it('a suspended job may still tidy up when its time is over', async () => {
    mkdirSync(inbox());
    const script = `trap 'echo tidied up; exit' TERM; ${WAIT}`;
    const running = cli(['run', file(), ...LONG_LEASE, '--', 'sh', '-c', script]);
    await eventually(() => expect(running.stdout()).toBe('ready\n'));
    running.child.kill('SIGTSTP');
    await eventually(() => expect(running.stdout()).toBe('ready\ntidied up\n'));
    running.child.kill('SIGCONT');
    expect(await running.outcome).toMatchObject({ code: 80 });
  });

  it('a job that was suspended for longer than its lease is ended in time', async () => {
    const running = await deafOnes(...LEASE);
    running.child.kill('SIGTSTP');
    await eventually(() => expect(processState(running.pid)?.state).toBe('T'));
    const endMs = leaseEndMs(lock());
    await eventually(() => expect(descendants()).toHaveLength(2));
    expect(Date.now()).toBeLessThan(endMs);
    running.child.kill('SIGCONT');
    expect(await running.outcome).toMatchObject({ code: 80 });
  });
});
