import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { Lockfile, VfsFile } from '../../../src/index.js';
import { failureOf, Scene } from './scene.js';
import { missing, openSsh } from './servers.js';

const lacking = missing(openSsh);

/** More pieces than any of the calls sends or gets. */
const MOST_PIECES = 6;

describe.skipIf(lacking !== undefined)(`OpenSSH and its sessions killed${lacking ? `: ${lacking}` : ''}`, () => {
  let scene: Scene;
  beforeEach(async () => void (scene = await Scene.alone(openSsh)));
  afterEach(() => scene.close());

  /** Kills the server instead of passing on the so-many-th piece on a way; resolves when a new one runs, if it came to that. */
  function killAt(piece: number, way: 'request' | 'reply'): { readonly done: () => Promise<boolean> } {
    let seen = 0;
    let death: Promise<void> | undefined;
    const judge = (): boolean => {
      if (death || (seen += 1) < piece) return false;
      death = scene.kill().then(() => scene.restart());
      return true;
    };
    scene.proxy.onRequest = way === 'request' ? judge : undefined;
    scene.proxy.onReply = way === 'reply' ? judge : undefined;
    const done = async (): Promise<boolean> => {
      [scene.proxy.onRequest, scene.proxy.onReply] = [undefined, undefined];
      await death;
      return death !== undefined;
    };
    return { done };
  }

  for (const way of ['request', 'reply'] as const) {
    test(`before any ${way} of a lock's life leave no doubt and no wedge`, { timeout: 900_000 }, async () => {
      let deaths = 0;
      for (const verb of ['acquire', 'renew', 'release'] as const) {
        for (let piece = 1; piece <= MOST_PIECES; piece += 1) {
          const lock = new Lockfile(new VfsFile(scene.vfs, 'a'), { ttl: '30s', renew: false });
          if (verb !== 'acquire') await lock.acquire();
          const death = killAt(piece, way);
          await failureOf(lock[verb]());
          if (await death.done()) deaths += 1;
          if (lock.held) {
            expect(await scene.triedByOthers('a')).toBe(false);
            expect(await lock.release()).toBe(true);
          }
          await scene.freeForOthers('a');
        }
      }
      console.log(`killed before ${String(deaths)} pieces that were ${way === 'request' ? 'sent' : 'answered'}`);
      expect(deaths).toBeGreaterThanOrEqual(7);
    });
  }

  test('while a lock is held, and back within the lease, cost nothing', async () => {
    const lock = new Lockfile(new VfsFile(scene.vfs, 'a'), { ttl: '6s' });
    await lock.acquire();
    await scene.kill();
    await sleep(500);
    await scene.restart();
    const { renewals = 0 } = lock.record ?? {};
    while (lock.held && (lock.record?.renewals ?? 0) <= renewals) await sleep(50);
    expect(lock.loss).toBeUndefined();
    expect(await lock.release()).toBe(true);
    await scene.freeForOthers('a');
  });

  test('for longer than the lease cost a lock at its own deadline, and the next one gets it', async () => {
    const lock = new Lockfile(new VfsFile(scene.vfs, 'a'), { ttl: '2s' });
    await lock.acquire();
    await scene.kill();
    const loss = await lock.lost;
    expect(loss.reason).toBe('expired');
    expect(lock.signal.aborted).toBe(true);
    expect(() => lock.assertHeld()).toThrow(loss);
    await scene.restart();
    await scene.freeForOthers('a');
    expect(await lock.release()).toBe(false);
  });
});
