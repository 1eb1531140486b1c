import { describe, expect, it } from 'vitest';

import { doctor } from '../../../src/admin/index.js';
import { ProbeContext } from '../../../src/admin/doctor/probe-context.js';
import { unconditional } from '../../../src/admin/doctor/unconditional.js';
import { memVfs } from '../../../src/backends/mem/index.js';
import { VfsError, type Capabilities, type ReadOptions, type Snapshot, type Vfs } from '../../../src/index.js';
import { all } from '../../support/operate/locks.js';
import { ConditionalOnlyVfs, type Unconditional } from '../../support/stores/conditional-only.js';
import { WrappedVfs } from '../../support/stores/wrapped-vfs.js';

describe('U10: doctor before a store that lets nobody in', () => {
  it.each([
    ['refuses the login', new VfsError('ERR_VFS_DENIED', 'cannot log in to host as root')],
    ['is silent', new VfsError('ERR_VFS_TIMEOUT', 'host did not answer for 10 s')],
  ])('stops at the first failure when it %s', async (_how, refusal) => {
    const vfs = new WrappedVfs(memVfs());
    let calls = 0;
    const refuse = (): Promise<never> => {
      calls += 1;
      return Promise.reject(refusal);
    };
    Object.assign(vfs, { read: refuse, create: refuse, replace: refuse, write: refuse, delete: refuse, stat: refuse });
    const isSilent = refusal.code === 'ERR_VFS_TIMEOUT';
    if (!isSilent) {
      vfs.list = async function* () {
        yield await refuse();
      };
    }
    const { verdict, words, checks, leftBehind } = await doctor({ vfs, path: '' });
    expect([verdict, checks.length, calls, leftBehind]).toEqual(['unproved', 1, 1, []]);
    expect(words).toEqual([
      expect.stringContaining('nothing more was tried') as string,
      `permissions: ${refusal.message}`,
    ]);
  });

  it('stops where nothing may be written, and lists no file as left behind', async () => {
    const vfs = new WrappedVfs(memVfs());
    vfs.write = () => Promise.reject(new VfsError('ERR_VFS_DENIED', 'cannot write: permission denied'));
    const { verdict, checks, leftBehind } = await doctor({ vfs, path: '' });
    expect([verdict, checks.length, leftBehind]).toEqual(['unproved', 1, []]);
  });
});

describe('F3: doctor', () => {
  it('runs 30 rounds of each race where a round is cheap, and states its chance to find a rare fault', async () => {
    const { checks, words, verdict } = await doctor({ vfs: memVfs(), path: '' });
    const rounds = checks.flatMap(({ found }) => /won, (\d+) times/.exec(found)?.[1] ?? []).map(Number);
    expect(rounds).toHaveLength(4);
    for (const each of rounds) expect(each).toBeGreaterThan(3);
    const races = rounds.reduce((sum, each) => sum + each);
    const percent = Math.round(100 * (1 - 0.99 ** races));
    expect(verdict).toBe('safe');
    expect(words).toContainEqual(
      expect.stringMatching(new RegExp(`^${String(races)} races were run: .* ${String(percent)} %`)),
    );
  });
});

/** A store that tells its time in whole seconds, by one of its clocks. */
class ClockedVfs extends WrappedVfs {
  readonly #clocks: readonly number[];
  #asked = 0;

  constructor(clocks: readonly number[], inner: Vfs) {
    super(inner);
    this.#clocks = clocks;
  }

  override get capabilities() {
    return { ...this.inner.capabilities, clock: { source: 'store', resolutionMs: 1000 } as const };
  }

  override async read(path: string, options?: ReadOptions): Promise<Snapshot | undefined> {
    const snapshot = await super.read(path, options);
    if (snapshot === undefined || !options?.clock) return snapshot;
    const aheadMs = this.#clocks[this.#asked++ % this.#clocks.length] ?? 0;
    const cut = (ms: number): number => Math.floor((ms + aheadMs) / 1000) * 1000;
    return { ...snapshot, modifiedMs: cut(snapshot.modifiedMs), nowMs: cut(Date.now()) };
  }
}

describe('the clock that doctor measures', () => {
  it('F8: is not behind because it tells whole seconds', async () => {
    const { clockAheadMs, verdict } = await doctor({ vfs: new ClockedVfs([0], memVfs()), path: '' });
    expect([verdict, clockAheadMs]).toEqual(['safe', expect.toSatisfy((ms: number) => ms <= 0 && ms > -1)]);
  });

  it('E3: is wrong where several machines answer by clocks that differ', async () => {
    const { verdict, words } = await doctor({ vfs: new ClockedVfs([0, 90_000], memVfs()), path: '' });
    expect(verdict).toBe('unsafe');
    expect(words.join('\n')).toMatch(/^clock: its answers differ by (89|9\d)\d{3} ms/m);
  });
});

/** The one check, without the races. */
async function probed(vfs: Vfs) {
  const context = new ProbeContext({ vfs, path: '' }, undefined);
  const result = await unconditional(context).catch((error: unknown) => ({ found: String(error), note: undefined }));
  return { ...result, left: await context.clear() };
}

describe('doctor, about programs that write without a condition,', () => {
  it.each<[string, readonly Unconditional[], boolean, string]>([
    ['refused', ['write', 'delete'], false, 'overwriting and deleting a lock file without a condition are refused'],
    [
      'refused to overwrite',
      ['write'],
      true,
      'overwriting a lock file without a condition is refused, deleting is not: ',
    ],
    [
      'refused to delete',
      ['delete'],
      true,
      'deleting a lock file without a condition is refused, overwriting is not: ',
    ],
    ['not refused', [], true, 'a lock file can be overwritten and deleted without a condition: '],
  ])('finds them %s, and leaves nothing behind', async (_what, refuses, note, start) => {
    const inner = memVfs();
    const { found, note: noted = false, left } = await probed(new ConditionalOnlyVfs(inner, refuses));
    expect([found.slice(0, start.length), noted, left]).toEqual([start, note, []]);
    expect(await all(inner.list(''))).toEqual([]);
  });

  it('does not take a failure for a refusal, nor a refusal that changed the file all the same', async () => {
    const failing = new WrappedVfs(memVfs());
    failing.write = () => Promise.reject(new VfsError('ERR_VFS_IO', 'the disk is broken'));
    expect(await probed(failing)).toMatchObject({ found: 'VfsError: the disk is broken', left: [] });
    const lying = new WrappedVfs(memVfs());
    lying.write = async (path, data) => {
      await lying.inner.write(path, data);
      throw new VfsError('ERR_VFS_DENIED', 'AccessDenied');
    };
    const found = 'ProbeFailed: after an overwrite without a condition the file has another content';
    expect(await probed(lying)).toMatchObject({ found, left: [] });
  });

  it('finds the store safe either way, and lists its scratch lock where only its version may be overwritten', async () => {
    class TombstonesVfs extends ConditionalOnlyVfs {
      override get capabilities(): Capabilities {
        return { ...super.capabilities, remove: 'none' };
      }
      override remove(): Promise<boolean> {
        return Promise.reject(new VfsError('ERR_VFS_UNSUPPORTED', 'no conditional delete'));
      }
    }
    const { verdict, checks, leftBehind } = await doctor({ vfs: new TombstonesVfs(memVfs()), path: '' });
    expect([verdict, leftBehind]).toEqual(['safe', [expect.stringMatching(/\.lock$/)]]);
    expect(checks.find(({ name }) => name === 'writes by strangers')).toMatchObject({
      verdict: 'ok',
      concerns: 'locks',
    });
  });
});
