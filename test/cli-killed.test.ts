import { mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { beatsIn, lastBeatOf, namesIn } from './cli/beats.js';
import { called, cli, descendants, eventually, matching, own, type Running, useFolder } from './cli/harness.js';

const folder = useFolder();
let home = '';
const file = (): string => join(home, 'data.csv');
const log = (): string => join(home, 'log');

const guardian = (): number => (JSON.parse(readFileSync(`${file()}.lock`, 'utf8')) as { pid: number }).pid;

/** One that holds the lock, with its command and grandchildren deaf to all they can be deaf to, and one that waits for it. */
async function holderAndRival(): Promise<{ readonly holder: Running; readonly rival: Running }> {
  home = mkdtempSync(join(folder(), 'run-'));
  const command = [...own('beat.mjs'), log(), 'a', '--deaf', '--children', '2'];
  const holder = cli(['run', file(), '--kill-after', '100ms', '--', ...command]);
  await eventually(() => expect(namesIn(log())).toEqual(['a', 'a.1', 'a.2']));
  const rival = cli(['run', file(), '--wait', 'never', '--', ...own('beat.mjs'), log(), 'rival']);
  await eventually(() => expect(rival.stderr()).toMatch(/waiting/));
  return { holder, rival };
}

async function expectOrder(rival: Running): Promise<void> {
  await eventually(() => expect(namesIn(log())).toContain('rival'));
  const order = beatsIn(log()).map(({ name }) => name.split('.')[0]);
  expect(order.indexOf('rival')).toBe(order.lastIndexOf('a') + 1);
  rival.child.kill('SIGTERM');
  expect(await rival.outcome).toMatchObject({ code: 143 });
  expect(descendants()).toEqual([]);
}

describe('consul lock and etcdctl lock: the child outlives the lock', () => {
  it('not here: when the wrapper is killed its whole group is, and only then does the next one start', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { holder, rival } = await holderAndRival();
      holder.child.kill('SIGKILL');
      await expectOrder(rival);
    }
  });

  it('a command that listens may still tidy up, while the lock stands', async () => {
    home = folder();
    const script = `trap 'cat ${file()}.lock; exit' TERM; echo ready; while :; do sleep 0.01; done`;
    const holder = cli(['run', file(), '--owner', 'me', '--', 'sh', '-c', script]);
    await eventually(() => expect(holder.stdout()).toBe('ready\n'));
    holder.child.kill('SIGKILL');
    const { stdout } = await holder.outcome;
    expect(JSON.parse(stdout.slice('ready\n'.length))).toMatchObject({ ownerId: 'me' });
    await eventually(() => expect(descendants()).toEqual([]));
    expect(await called(['run', file(), '--', 'true'])).toMatchObject({ code: 0 });
  });

  it('a wrapper killed at any time leaves nothing running', async () => {
    home = folder();
    const deaf = (name: string): Running => {
      return cli(['run', file(), '--kill-after', '20ms', '--', ...own('beat.mjs'), log(), name, '--deaf']);
    };
    const startedMs = Date.now();
    const first = deaf('first');
    await eventually(() => expect(namesIn(log())).toEqual(['first']));
    const wholeMs = Date.now() - startedMs;
    first.child.kill('SIGKILL');
    const rounds = 24;
    for (let round = 0; round < rounds; round += 1) {
      await eventually(() => expect(descendants()).toEqual([]));
      const holder = deaf(`round-${round}`);
      await new Promise((resolve) => setTimeout(resolve, (wholeMs * 1.5 * round) / rounds));
      holder.child.kill('SIGKILL');
      await holder.outcome;
    }
    await eventually(() => expect(descendants()).toEqual([]));
    const started = namesIn(log()).length;
    console.log(`of ${rounds} killed, ${started - 1} had started their command`);
    expect(started).toBeLessThan(rounds + 1);
  });
});

describe('when the guardian is killed', () => {
  it('the wrapper ends the group and says so', async () => {
    const { holder, rival } = await holderAndRival();
    process.kill(guardian(), 'SIGKILL');
    expect(await holder.outcome).toMatchObject({
      code: 80,
      stderr: matching(/^vfs-lockfile: the guardian.*was ended\n$/),
    });
    await expectOrder(rival);
  });

  it('the wrapper ends the group even if the guardian had no time to tell of it', async () => {
    home = folder();
    const script = 'kill -9 $PPID; exec "$0" "$@"';
    for (let round = 0; round < 10; round += 1) {
      const command = ['sh', '-c', script, ...own('beat.mjs'), log(), 'a', '--deaf'];
      const outcome = await called(['run', file(), '--', ...command]);
      expect(outcome).toMatchObject({ code: 80, stderr: matching(/^vfs-lockfile: the guardian.*was ended\n$/) });
      expect(descendants()).toEqual([]);
    }
  });

  it('while the lock is awaited, nothing is started', async () => {
    const { holder, rival } = await holderAndRival();
    const waiting = descendants().filter((pid) => isGuardianOf(pid, rival));
    expect(waiting).toHaveLength(1);
    process.kill(waiting[0]!, 'SIGKILL');
    expect(await rival.outcome).toMatchObject({ code: 74, stderr: matching(/the guardian process was killed\n$/) });
    expect(namesIn(log())).toEqual(['a', 'a.1', 'a.2']);
    expect(lastBeatOf(log(), 'a').pid).toBeGreaterThan(0);
    holder.child.kill('SIGKILL');
    await holder.outcome;
  });
});

function isGuardianOf(pid: number, { pid: wrapper }: Running): boolean {
  return readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ')[1] === String(wrapper);
}
