import { describe, expect, it } from 'vitest';

import { doctor } from '../../../src/admin/index.js';
import { memVfs } from '../../../src/backends/mem/index.js';
import { VfsError, type ReadOptions, type Snapshot, type Vfs } from '../../../src/index.js';
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
