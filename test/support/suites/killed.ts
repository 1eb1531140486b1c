import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { beatsIn, namesIn } from '../cli/beats.js';
import {
  called,
  cli,
  descendants,
  eventually,
  isAlive,
  matching,
  own,
  processState,
  type Running,
  start,
  useFolder,
} from '../cli/harness.js';

/** How many processes are killed. */
export interface Kills {
  /** Wrappers, each while its command runs and somebody else waits. */
  readonly wrappers: number;
  /** Wrappers, each at another moment of its start. */
  readonly moments: number;
  /** Guardians, each by the command itself. */
  readonly guardians: number;
}

export function killedSuite({ wrappers, moments, guardians }: Kills): void {
  const folder = useFolder();
  let home = '';
  const file = (): string => join(home, 'data.csv');
  const log = (): string => join(home, 'log');

  const guardian = (): number => (JSON.parse(readFileSync(`${file()}.lock`, 'utf8')) as { pid: number }).pid;

  /** Holds the lock, with its command and grandchildren deaf to all that they can be deaf to. */
  async function holding(): Promise<Running> {
    home = mkdtempSync(join(folder(), 'run-'));
    const command = [...own('beat.mjs'), log(), 'a', '--deaf', '--children', '2'];
    const holder = cli(['run', file(), '--kill-after', '300ms', '--', ...command]);
    await eventually(() => expect(namesIn(log())).toEqual(['a', 'a.1', 'a.2']));
    return holder;
  }

  /** Takes the lock the moment it can be had. */
  async function rivalOf(): Promise<Running> {
    const [node, script] = own('eager.mjs');
    const rival = start(node, [script, file(), log(), 'rival']);
    await eventually(() => expect(rival.stdout()).toBe('eager\n'));
    return rival;
  }

  async function expectOrder(rival: Running): Promise<void> {
    expect(await rival.outcome).toMatchObject({ code: 0, stderr: '' });
    const order = beatsIn(log()).map(({ name }) => name.split('.')[0]);
    expect(order.indexOf('rival')).toBe(order.lastIndexOf('a') + 1);
    expect(descendants()).toEqual([]);
  }

  describe('consul lock and etcdctl lock: the child outlives the lock', () => {
    it('not here: when the wrapper is killed its whole group is, and only then does the next one start', async () => {
      for (let round = 0; round < wrappers; round += 1) {
        const holder = await holding();
        const rival = await rivalOf();
        holder.child.kill('SIGKILL');
        await expectOrder(rival);
      }
    });

    it('a command that listens may still tidy up, while the lock stands', async () => {
      home = folder();
      const script = `trap 'cat ${file()}.lock; exit' TERM; sleep 600 & echo ready; wait`;
      const holder = cli(['run', file(), '--owner', 'me', '--', 'sh', '-c', script]);
      await eventually(() => expect(holder.stdout()).toBe('ready\n'));
      // Before the lock names the processes of the command, only the end of its lease frees it (E4).
      await eventually(() => expect(readFileSync(`${file()}.lock`, 'utf8')).toMatch(/"processGroup": ?[1-9]/));
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
      for (let round = 0; round < moments; round += 1) {
        await eventually(() => expect(descendants()).toEqual([]));
        rmSync(`${file()}.lock`, { force: true });
        const holder = deaf(`round-${round}`);
        await new Promise((resolve) => setTimeout(resolve, (wholeMs * 1.5 * round) / moments));
        holder.child.kill('SIGKILL');
        await holder.outcome;
      }
      await eventually(() => expect(descendants()).toEqual([]));
      const started = namesIn(log()).length;
      console.log(`of ${moments} killed, ${started - 1} had started their command`);
      expect(started).toBeLessThan(moments + 1);
    });
  });

  describe('when the guardian is killed', () => {
    it('the wrapper ends the group and says so', async () => {
      const holder = await holding();
      process.kill(guardian(), 'SIGKILL');
      expect(await holder.outcome).toMatchObject({
        code: 80,
        stderr: matching(/^vfs-lockfile: the guardian.*was ended\n$/),
      });
      expect(descendants()).toEqual([]);
      expect(await called(['run', file(), '--', 'true'])).toMatchObject({ code: 0 });
    });

    it('the wrapper ends the group even if the guardian had no time to report it', async () => {
      home = folder();
      const script = 'kill -9 $PPID; exec "$0" "$@"';
      for (let round = 0; round < guardians; round += 1) {
        const command = ['sh', '-c', script, ...own('beat.mjs'), log(), 'a', '--deaf'];
        const outcome = await called(['run', file(), '--', ...command]);
        expect(outcome).toMatchObject({ code: 80, stderr: matching(/^vfs-lockfile: the guardian.*was ended\n$/) });
        expect(descendants()).toEqual([]);
      }
    });

    it('while the lock is awaited, nothing is started', async () => {
      const holder = await holding();
      const waiting = cli(['run', file(), '--wait', 'never', '--', 'touch', join(folder(), 'mark')]);
      await eventually(() => expect(waiting.stderr()).toMatch(/waiting/));
      const [itsGuardian = 0, ...others] = descendants().filter((pid) => processState(pid)?.parent === waiting.pid);
      expect(others).toEqual([]);
      process.kill(itsGuardian, 'SIGKILL');
      expect(await waiting.outcome).toMatchObject({ code: 74, stderr: matching(/the guardian process was killed\n$/) });
      expect(existsSync(join(folder(), 'mark'))).toBe(false);
      expect(isAlive(holder.pid)).toBe(true);
    });
  });
}
