import { constants } from 'node:os';
import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { beatsIn, lastBeatOf, namesIn } from '../../support/cli/beats.js';
import {
  called,
  cli,
  descendants,
  eventually,
  isAlive,
  matching,
  own,
  processState,
  useFolder,
} from '../../support/cli/harness.js';
import { publicNames } from '../../support/names.js';

const folder = useFolder();
const file = (): string => join(folder(), 'data.csv');
const log = (): string => join(folder(), 'log');

/** The command prints the signals that it gets, one a line, and ends at SIGTERM. */
const TRAPS = ['INT', 'HUP', 'QUIT', 'USR1', 'USR2', 'WINCH'] as const;
const trapping = [
  ...TRAPS.map((name) => `trap 'echo ${name}' ${name}`),
  "trap 'echo TERM; exit 5' TERM",
  // Not a loop of short commands: dash forgets a signal that comes while it starts one.
  'sleep 600 & echo ready',
  'while :; do wait; done',
].join('; ');

describe('a signal while the command runs', () => {
  it.each(TRAPS)('goes to the command and to nothing else: SIG%s', async (name) => {
    const running = cli(['run', file(), '--', 'sh', '-c', trapping]);
    await eventually(() => expect(running.stdout()).toBe('ready\n'));
    running.child.kill(`SIG${name}`);
    await eventually(() => expect(running.stdout()).toBe(`ready\n${name}\n`));
    running.child.kill('SIGTERM');
    expect(await running.outcome).toMatchObject({ code: 5, stdout: `ready\n${name}\nTERM\n` });
  });

  it('reaches every process of the group', async () => {
    const running = cli(['run', file(), '--', ...own('beat.mjs'), log(), 'a', '--children', '2']);
    await eventually(() => expect(namesIn(log())).toEqual(['a', 'a.1', 'a.2']));
    running.child.kill('SIGTERM');
    expect(await running.outcome).toMatchObject({ code: 143, stderr: '' });
    expect(descendants()).toEqual([]);
  });

  it('stops and continues the command together with the wrapper: SIGTSTP and SIGCONT', async () => {
    const running = cli(['run', file(), '--', ...own('beat.mjs'), log(), 'a', '--children', '1']);
    await eventually(() => expect(namesIn(log())).toEqual(['a', 'a.1']));
    const pids = [running.pid, ...new Set(beatsIn(log()).map(({ pid }) => pid))];
    expect(pids).toHaveLength(3);
    running.child.kill('SIGTSTP');
    await eventually(() => expect(pids.map((pid) => processState(pid)?.state)).toEqual(['T', 'T', 'T']));
    const beats = beatsIn(log()).length;
    running.child.kill('SIGCONT');
    await eventually(() => expect(beatsIn(log()).length).toBeGreaterThan(beats));
    running.child.kill('SIGTERM');
    expect(await running.outcome).toMatchObject({ code: 143, stderr: '' });
  });
});

describe('a signal while the lock is awaited', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const)(
    'ends the wait, starts nothing and leaves the lock to its holder: %s',
    async (signal) => {
      const holder = cli(['run', file(), '--owner', 'first', '--', ...own('beat.mjs'), log(), 'a']);
      await eventually(() => expect(namesIn(log())).toEqual(['a']));
      const waiting = cli(['run', file(), '--wait', 'never', '--', 'touch', join(folder(), 'mark')]);
      await eventually(() => expect(waiting.stderr()).toMatch(/waiting: .* held by first/));
      waiting.child.kill(signal);
      const outcome = await waiting.outcome;
      expect(outcome).toMatchObject({ code: 128 + constants.signals[signal], signal: null });
      expect(outcome.stderr.split('\n')).toHaveLength(2);
      expect(await called(['status', file()])).toMatchObject({ code: 1, stdout: matching(/who +first, /) });
      expect(publicNames(folder())).toEqual(['data.csv.lock', 'log']);
      expect(isAlive(lastBeatOf(log(), 'a').pid)).toBe(true);
      holder.child.kill('SIGTERM');
      await holder.outcome;
    },
  );
});

describe('a signal while the lock is being taken', () => {
  it('ends it before the command is started, and releases the lock', async () => {
    const stale = Date.now() / 1000 - 100;
    const theirs = '{"ttl":1000000000,"hostname":"elsewhere","pid":1}';
    writeFileSync(`${file()}.lock`, theirs);
    utimesSync(`${file()}.lock`, stale, stale);
    // A contender waits some time for another one that is inside the guard.
    mkdirSync(`${file()}.lock.guard`);
    writeFileSync(`${file()}.lock.guard/vfs-lockfile-${'0'.repeat(32)}`, '');
    const running = cli(['run', file(), '--', 'touch', join(folder(), 'mark')]);
    await eventually(() => expect(readdirSync(folder())).toContainEqual(matching(/^\.vfs-lockfile-/)));
    running.child.kill('SIGTERM');
    expect(await running.outcome).toMatchObject({ code: 143, stderr: '' });
    // On a busy machine the signal comes before the lock was taken: then the other one is still there, as it was.
    const left = publicNames(folder());
    expect(left.map((name) => readFileSync(join(folder(), name), 'utf8'))).toEqual(left.map(() => theirs));
    expect(['', 'data.csv.lock']).toContain(left.join());
  });
});

describe('what the command leaves running in its group', () => {
  const leaving = (script: string, ...options: readonly string[]): readonly string[] => [
    ...['run', file(), ...options, '--', 'sh', '-c', `${script} & exit 3`, ...own('beat.mjs'), log()],
  ];

  it('may end by itself while the lock is still held', async () => {
    const script = `(until [ -e ${folder()}/go ]; do sleep 0.01; done; cat ${file()}.lock)`;
    const running = cli(leaving(script, '--ttl', 'never', '--kill-after', '10m'));
    await eventually(() => expect(descendants().length).toBeGreaterThanOrEqual(3));
    const lock = JSON.parse((await called(['status', file(), '--json'])).stdout) as { readonly state: string };
    expect(lock.state).toBe('held');
    expect(await called(['run', '-q', join(folder(), 'go'), '--', 'touch', join(folder(), 'go')])).toMatchObject({
      code: 0,
    });
    const outcome = await running.outcome;
    expect(outcome).toMatchObject({ code: 3, stderr: '' });
    expect(JSON.parse(outcome.stdout)).toMatchObject({ ttl: 0 });
  });

  it('is ended before the lock is given back, even if it is deaf to SIGTERM', async () => {
    const left = '"$0" "$@" left --deaf & until [ -e "$2" ]; do sleep 0.01; done; true';
    const running = cli(leaving(left, '--kill-after', '300ms'));
    await eventually(() => expect(namesIn(log())).toEqual(['left']));
    const next = cli(['run', file(), '-q', '--wait', '1m', '--', ...own('beat.mjs'), log(), 'next']);
    const outcome = await running.outcome;
    expect(outcome).toMatchObject({ code: 3, stderr: matching(/^vfs-lockfile: ended what sh left running\n$/) });
    await eventually(() => expect(namesIn(log())).toEqual(['left', 'next']));
    const order = beatsIn(log()).map(({ name }) => name);
    expect(order.indexOf('next')).toBe(order.lastIndexOf('left') + 1);
    next.child.kill('SIGTERM');
    await next.outcome;
  });
});
