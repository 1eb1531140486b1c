import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { forceRelease, inspect, list, type Inspection } from '../../../src/admin/index.js';
import { readHistory } from '../../../src/journal/index.js';
import { VfsFile, type Vfs } from '../../../src/index.js';
import { cli, descendants, eventually, matching, type Outcome, type Running } from '../cli/harness.js';
import { jsonLines, type JsonLine } from '../cli/schema.js';

/** A folder on a server, and all that a program needs to know of it in its environment. */
export interface Remote {
  readonly uri: string;
  readonly env: Readonly<Record<string, string>>;
  /** The same folder, for this process. */
  readonly vfs: Vfs;
  readonly path: string;
  readonly dispose: () => Promise<void>;
}

/** Commands in processes of their own that share locks on a server: what they print, and what is left when they are killed. */
export function acrossSuite(open: () => Promise<Remote>, kills: number): void {
  let remote: Remote;
  beforeAll(async () => void (remote = await open()));
  afterAll(() => remote.dispose());

  const run = (...args: readonly string[]): Running =>
    cli(args, { env: { ...remote.env, NODE_NO_WARNINGS: '1', VFS_LOCKFILE_JOURNAL: undefined } });
  const at = (name: string): string => `${remote.uri}/${name}`;
  const file = (name: string): VfsFile => new VfsFile(remote.vfs, `${remote.path}/${name}`);

  async function lines(code: number, ...args: readonly string[]): Promise<readonly JsonLine[]> {
    const outcome = await run(...args, '--json').outcome;
    expect(outcome).toMatchObject({ code });
    return jsonLines(outcome.stdout);
  }

  test('are one lock across processes, and all that they print follows the schema', async () => {
    const [uri, path] = [at('data.csv'), `${at('data.csv')}.lock`];
    const pid = ['--pid', 'none'];
    const [first] = await lines(0, 'acquire', uri, ...pid, '--owner', 'me', '--fencing', '--note', '{"job":7}');
    expect(first).toMatchObject({ type: 'acquired', file: uri, path, fencingToken: '1', reclaimedFrom: null });
    const id = first?.id ?? '';
    expect(await run('acquire', uri, ...pid).outcome).toMatchObject({ code: 75, stdout: '' });
    expect(await lines(0, 'renew', uri, '--id', id, '--ttl', '2h')).toMatchObject([{ type: 'renewed', done: true }]);
    const held = { type: 'lock', state: 'held', file: uri, path, id, record: { ownerId: 'me', leaseMs: 7_200_000 } };
    expect(await lines(1, 'status', uri)).toMatchObject([held]);
    expect(await lines(0, 'ls', remote.uri)).toMatchObject([held]);
    expect(await lines(1, 'release', uri, '--id', 'another')).toMatchObject([{ type: 'released', done: false }]);
    expect(await lines(0, 'release', uri, '--id', id)).toMatchObject([{ type: 'released', done: true, id }]);
    expect(await lines(1, 'renew', uri, '--id', id)).toMatchObject([{ type: 'renewed', done: false }]);
    expect(await lines(0, 'status', uri)).toMatchObject([{ state: 'free', id: null, fencingToken: '1' }]);
    const [hold] = await lines(0, 'hold', uri, '--for', '1h', '--reason', 'the disk is moved');
    expect(hold).toMatchObject({ type: 'acquired', record: { note: { reason: 'the disk is moved' }, pid: 0 } });
    const ending = ['unlock', uri, '--expect', hold?.id ?? '', '--reason', 'ticket 7', '--journal', 'beside'];
    expect(await lines(0, ...ending)).toMatchObject([{ type: 'unlocked', done: true, reason: 'ticket 7' }]);
    expect(await run('run', uri, '--journal', 'beside', '--', 'true').outcome).toMatchObject({ code: 0, stderr: '' });
    const history = await lines(0, 'history', uri);
    expect(history.map(({ event, lock }) => [event, lock])).toEqual(
      ['force-release', 'acquire', 'release'].map((event) => [event, path]),
    );
    expect(await lines(0, 'history', `${remote.uri}/`, '--summary')).toMatchObject([
      { type: 'history-totals', events: { acquire: 1 }, skipped: 0 },
    ]);
  });

  describe('killed at any moment', () => {
    /** Kills a command between the middle and the end of the time that it takes; each round at another moment of that. */
    async function killed(wholeMs: number, round: number, ...args: readonly string[]): Promise<Outcome> {
      const running = run(...args);
      const moment = wholeMs * (0.4 + (0.7 * round) / kills);
      const timer = setTimeout(() => running.child.kill('SIGKILL'), moment);
      const outcome = await running.outcome;
      clearTimeout(timer);
      return outcome;
    }

    async function msOf(code: number, ...args: readonly string[]): Promise<number> {
      const startedMs = performance.now();
      expect(await run(...args).outcome).toMatchObject({ code });
      return performance.now() - startedMs;
    }

    /** What is left: a lock that is held or free, whole, which every list shows. */
    async function leftOf(name: string): Promise<Inspection> {
      const left = await inspect(file(name));
      expect(['free', 'released', 'held', 'stale']).toContain(left.state);
      if (left.state === 'held') expect(left.record?.lockId).toEqual(matching(/^[0-9a-f]{32}$/));
      for await (const { state, error } of list({ vfs: remote.vfs, path: remote.path })) {
        expect({ state, error }).toEqual({ state: matching(/^(held|stale|released)$/), error: undefined });
      }
      return left;
    }

    async function end(name: string, { id }: Inspection): Promise<void> {
      if (id !== undefined) expect(await forceRelease(file(name), { expect: id })).toBe(true);
    }

    /** A change that was killed may leave a guard, which others wait for before they remove it. */
    const PATIENT = ['--pid', 'none', '--wait', 'never'];

    test('acquire and release leave the lock held or free, and what they printed is true', async () => {
      const [name, uri] = ['killed', at('killed')];
      const states: string[] = [];
      const acquireMs = await msOf(0, 'acquire', uri, '--pid', 'none');
      await end(name, await leftOf(name));
      for (let round = 0; round < kills; round += 1) {
        const acquired = await killed(acquireMs, round, 'acquire', uri, ...PATIENT);
        const left = await leftOf(name);
        states.push(left.state);
        if (acquired.stdout !== '') expect(left).toMatchObject({ state: 'held', id: acquired.stdout.trim() });
        await end(name, left);
      }
      for (let round = 0; round < kills; round += 1) {
        const id = (await run('acquire', uri, ...PATIENT).outcome).stdout.trim();
        const released = await killed(acquireMs, round, 'release', uri, '--id', id);
        const left = await leftOf(name);
        states.push(left.state);
        if (left.state === 'held') expect(left.id).toBe(id);
        if (released.code === 0) expect(left.state).not.toBe('held');
        await end(name, left);
      }
      console.log(`left by ${2 * kills} killed: ${states.join(' ')}`);
    });

    test('run leaves it held, stale or free, no command behind, and each line of the journal whole or absent', async () => {
      const [name, uri] = ['run', at('run')];
      const command = ['run', uri, '--wait', 'never', '--journal', 'beside', '--', 'true'];
      const runMs = await msOf(0, ...command);
      for (let round = 0; round < kills; round += 1) {
        await killed(runMs, round, ...command);
        await eventually(() => expect(descendants()).toEqual([]));
        await end(name, await leftOf(name));
      }
      let skipped = 0;
      const onSkip = (): unknown => (skipped += 1);
      for await (const { event } of readHistory({ vfs: remote.vfs, path: remote.path }, { onSkip })) {
        expect(event).not.toBe('');
      }
      expect(skipped).toBe(0);
      expect(await msOf(0, ...command)).toBeGreaterThan(0);
    });
  });
}
