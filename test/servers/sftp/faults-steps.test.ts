import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

import type { SftpVfs } from '../../../src/backends/sftp/index.js';
import { Lockfile, VfsFile } from '../../../src/index.js';
import { encodeRecord, decodeRecord } from '../../../src/lock/model/record.js';
import { failureOf, QUICK, Scene } from './scene.js';
import { missing } from './servers.js';
import { TracedOpenSsh, type Fault } from './special-servers.js';

const traced = new TracedOpenSsh();
const lacking = missing(traced.kind);

interface Life {
  /** Made before the server is in danger. */
  readonly lock: Lockfile;
  readonly step: () => Promise<unknown>;
}

/** What can happen to a lock: each from a connection of its own to the call that is under way when the server dies. */
const LIVES: Readonly<Record<string, (vfs: SftpVfs, name: string) => Promise<Life>>> = {
  acquired: async (vfs, name) => {
    const lock = lockOn(vfs, name);
    return Promise.resolve({ lock, step: () => lock.acquire() });
  },
  renewed: async (vfs, name) => {
    const lock = lockOn(vfs, name);
    await lock.acquire();
    return { lock, step: () => lock.renew() };
  },
  released: async (vfs, name) => {
    const lock = lockOn(vfs, name);
    await lock.acquire();
    return { lock, step: () => lock.release() };
  },
  'taken over': async (vfs, name) => {
    const lock = lockOn(vfs, name);
    await abandon(vfs, name);
    return { lock, step: () => lock.acquire() };
  },
};

/** How many calls of the system each takes at least. */
const FEWEST_CALLS: Readonly<Record<string, number>> = { acquired: 5, renewed: 3, released: 3, 'taken over': 7 };

function lockOn(vfs: SftpVfs, name: string): Lockfile {
  return new Lockfile(new VfsFile(vfs, name), { ttl: '30s', renew: false });
}

/** Leaves a lock of a process that is gone. */
async function abandon(vfs: SftpVfs, name: string): Promise<void> {
  const lock = lockOn(vfs, name);
  await lock.acquire();
  const { data, version } = (await vfs.read(`${name}.lock`))!;
  const record = decodeRecord(data)!;
  await vfs.replace(`${name}.lock`, version, encodeRecord({ ...record, lockId: 'another', processStart: '1' }));
  expect(await lock.release()).toBe(false);
}

describe.skipIf(lacking !== undefined)(`OpenSSH killed in the middle${lacking ? `: ${lacking}` : ''}`, () => {
  let scene: Scene;
  beforeAll(async () => void (scene = await Scene.open(traced.kind)));
  afterAll(() => scene.close());

  // Without hard links only the creation is another one.
  for (const [what, live] of Object.entries(LIVES)) {
    for (const hardLinks of what === 'acquired' ? [true, false] : [true]) {
      test(
        `of any call by which a lock is ${what}, ${hardLinks ? 'with' : 'without'} hard links, leaves no doubt and no wedge`,
        { timeout: 900_000 },
        async () => {
          const { before, during } = await watched(live, hardLinks);
          let lost = 0;
          for (const [index, call] of during.entries()) {
            const count = [...before, ...during.slice(0, index + 1)].filter((each) => each === call).length;
            if ((await died(live, hardLinks, { call, when: String(count) })) !== undefined) lost += 1;
          }
          console.log(`${what}: killed at each of ${during.join(', ')}; ${String(lost)} ended in an error`);
          expect(during.length).toBeGreaterThanOrEqual(FEWEST_CALLS[what]!);
        },
      );
    }
  }

  for (const [when, create] of [
    ['1', 'atomic'],
    ['1+', 'guarded'],
  ] as const) {
    test(`a hard link that is refused ${when === '1' ? 'once is no' : 'again is a'} server without hard links`, async () => {
      traced.order({ call: 'link', when, error: 'ENOSPC' });
      const vfs = scene.through(QUICK);
      expect((await vfs.connect()).create).toBe(create);
      await scene.freeForOthers('a', create === 'atomic', vfs);
      vfs.close();
    });
  }

  /** The calls of a life before and during its last step, when nothing happens to the server. */
  async function watched(live: (vfs: SftpVfs, name: string) => Promise<Life>, hardLinks: boolean) {
    traced.order();
    const vfs = scene.through({ ...QUICK, hardLinks });
    await vfs.connect();
    const { lock, step } = await live(vfs, 'watched');
    const before = await traced.calls();
    await step();
    const during = (await traced.calls()).slice(before.length);
    await lock.release();
    vfs.close();
    expect(scene.listing).toEqual([]);
    return { before, during };
  }

  async function died(
    live: (vfs: SftpVfs, name: string) => Promise<Life>,
    hardLinks: boolean,
    death: Fault,
  ): Promise<Error | undefined> {
    traced.order(death);
    const vfs = scene.through({ ...QUICK, hardLinks });
    await vfs.connect();
    const { lock, step } = await live(vfs, 'a');
    const failure = await failureOf(step());
    await vi.waitFor(() => expect({ ...death, killed: traced.killed }).toEqual({ ...death, killed: true }), 3000);
    if (lock.held) {
      expect(await scene.triedByOthers('a', hardLinks)).toBe(false);
      expect(await lock.release()).toBe(true);
    }
    await scene.freeForOthers('a', hardLinks, vfs);
    vfs.close();
    return failure;
  }
});
