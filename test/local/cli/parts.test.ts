import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

import { afterEach, beforeAll, describe, expect, it } from 'vitest';

import { instantIn, msUntil } from '../../../src/util/instant.js';
import { isGroupAlive } from '../../../src/util/process-group.js';
import { killGroup, killMarked, signalGroup } from '../../../src/cli/guardian/group.js';
import { Signals } from '../../../src/cli/signals.js';
import { fitting, loadWidths, widthOf } from '../../../src/cli/terminal/text.js';
import { formatSpan } from '../../../src/util/duration.js';
import { formatTime } from '../../../src/cli/terminal/time-text.js';
import { environment, eventually, isAlive, processState, start, useFolder } from '../../support/cli/harness.js';

beforeAll(loadWidths);

useFolder();

/** Starts a process group in which `script` runs. */
async function group(script: string, env: Record<string, string> = {}): Promise<number> {
  const child = spawn('sh', ['-c', script], { detached: true, stdio: 'ignore', env: environment(env) });
  await once(child, 'spawn');
  return child.pid!;
}

describe('a process group', () => {
  it('is alive as long as one of its processes is, its first or another', async () => {
    const pgid = await group('sleep 60 & sleep 60 & exit');
    await eventually(() => expect(isAlive(pgid)).toBe(false));
    expect(isGroupAlive(pgid)).toBe(true);
    signalGroup(pgid, 'SIGTERM');
    await eventually(() => expect(isGroupAlive(pgid)).toBe(false));
    signalGroup(pgid, 'SIGTERM');
  });

  it('is not alive for a zombie that nobody collects', async () => {
    const parent = start('sh', ['-c', 'setsid sleep 60 & echo $!; exec sleep 60']);
    await eventually(() => expect(parent.stdout()).toMatch(/\n$/));
    const pgid = Number(parent.stdout());
    const nameOf = (pid: number): string => readFileSync(`/proc/${pid}/comm`, 'latin1').trim();
    await eventually(() => expect([parent.pid, pgid].map(nameOf)).toEqual(['sleep', 'sleep']));
    process.kill(pgid, 'SIGKILL');
    await eventually(() => expect(processState(pgid)?.state).toBe('Z'));
    expect(processState(pgid)?.group).toBe(pgid);
    expect(process.kill(-pgid, 0)).toBe(true);
    expect(isGroupAlive(pgid)).toBe(false);
  });

  it('is gone when it has been killed, whatever it ignores', async () => {
    const pgid = await group("trap '' TERM INT HUP; sleep 60 & sleep 60 & wait");
    await killGroup(pgid);
    expect(isGroupAlive(pgid)).toBe(false);
  });
});

describe('processes found by their environment', () => {
  it('are killed, and no others', async () => {
    const marked = [await group('sleep 60 & wait', { MARK: 'x1' }), await group('exec sleep 60', { MARK: 'x1' })];
    const other = await group('sleep 60', { MARK: 'x12' });
    await eventually(() => {
      for (const pid of [...marked, other]) expect(readFileSync(`/proc/${pid}/environ`, 'latin1')).toContain('MARK=x1');
    });
    await killMarked('MARK=x1');
    await eventually(() => expect(marked.map(isAlive)).toEqual([false, false]));
    expect(isAlive(other)).toBe(true);
  });
});

describe('signals', () => {
  const names = [
    'SIGINT',
    'SIGTERM',
    'SIGHUP',
    'SIGQUIT',
    'SIGUSR1',
    'SIGUSR2',
    'SIGWINCH',
    'SIGCONT',
    'SIGTSTP',
  ] as const;
  const others = new Map(names.map((name) => [name, process.listeners(name)]));
  afterEach(() => {
    for (const name of names) {
      for (const each of process.listeners(name)) if (!others.get(name)?.includes(each)) process.off(name, each);
    }
  });

  it('interrupt once, after which they do what they always do', () => {
    const { interrupted } = new Signals();
    expect(process.listenerCount('SIGUSR2')).toBe(others.get('SIGUSR2')!.length + 1);
    process.emit('SIGUSR2', 'SIGUSR2');
    expect(interrupted.reason).toMatchObject({ signal: 'SIGUSR2' });
    for (const name of names) expect(process.listeners(name)).toEqual(others.get(name));
  });

  it('are passed on as soon as there is somebody to pass them on to', () => {
    const signals = new Signals();
    const passedOn: string[] = [];
    signals.forwardTo((signal) => passedOn.push(signal));
    const some = ['SIGUSR1', 'SIGWINCH', 'SIGUSR2', 'SIGCONT', 'SIGUSR1', 'SIGUSR2'] as const;
    for (const name of some) process.emit(name, name);
    expect(passedOn).toEqual(some);
    expect(signals.interrupted.aborted).toBe(false);
  });
});

describe('a deadline', () => {
  it('comes when it has come on either clock', () => {
    const deadline = instantIn(10_000)!;
    expect(msUntil(deadline)).toBeGreaterThan(0);
    expect(msUntil({ ...deadline, wallMs: Date.now() - 1 })).toBeLessThan(0);
    expect(msUntil({ ...deadline, monotonicMs: deadline.monotonicMs - 10_001 })).toBeLessThan(0);
    expect(msUntil(instantIn(Infinity))).toBe(Infinity);
  });
});

describe('text for a terminal', () => {
  it('is as wide as it shows', () => {
    expect(widthOf('abc')).toBe(3);
    expect(widthOf('漢字')).toBe(4);
    expect(widthOf('한글')).toBe(4);
    expect(widthOf('🔒')).toBe(2);
    expect(widthOf('e\u0301')).toBe(1);
  });

  it('is the longest that fits, or cut off', () => {
    expect(fitting(['abcdef', 'abc', 'a'], 6)).toBe('abcdef');
    expect(fitting(['abcdef', 'abc', 'a'], 5)).toBe('abc');
    expect(fitting(['abcdef', 'abc'], 2)).toBe('a…');
    expect(fitting(['漢字'], 3)).toBe('漢…');
    expect(fitting(['漢字'], 2)).toBe('…');
    expect(fitting(['abc'], 1)).toBe('…');
    expect(fitting(['abc'], 0)).toBe('');
  });

  it('shows spans of time in two units', () => {
    const told = [-5, 0, 999, 1000, 59_999, 60_000, 61_000, 3_599_999, 3_600_000, 86_399_000, 86_400_000, 1e9].map(
      formatSpan,
    );
    expect(told.join(', ')).toBe('0s, 0s, 0s, 1s, 59s, 1m 0s, 1m 1s, 59m 59s, 1h 0m, 23h 59m, 1d 0h, 11d 13h');
  });

  it('shows the day only when it is not today', () => {
    const now = new Date();
    expect(formatTime(now)).toMatch(/^\d\d:\d\d:\d\d$/);
    expect(formatTime(new Date(2001, 1, 3, 4, 5, 6))).toBe('2001-02-03 04:05:06');
  });
});
