import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { Lockfile, LockTimeoutError, VfsFile } from '../../../src/index.js';
import { failureOf, Scene } from './scene.js';
import { missing, openSsh } from './servers.js';

const lacking = missing(openSsh);

const LEASE_MS = 800;
const DELAY_MS = 2000;

/** A server that is slow is not given up before any of these leases is over. */
const PATIENT = { keepalive: '30s', timeout: '30s' } as const;

describe.skipIf(lacking !== undefined)(`answers later than the lease${lacking ? `: ${lacking}` : ''}`, () => {
  let scene: Scene;
  let lock: Lockfile;
  beforeEach(async () => {
    scene = await Scene.open(openSsh, PATIENT);
    lock = new Lockfile(new VfsFile(scene.vfs, 'a'), { ttl: LEASE_MS });
  });
  afterEach(() => scene.close());

  test('make nobody a holder after its deadline', async () => {
    scene.proxy.replyDelayMs = DELAY_MS;
    const tried = failureOf(lock.acquire({ wait: '3s' }).catch(ignoreTimeout));
    // While the answer is on its way the lock is not held, whatever the server has done by now.
    for (let left = 20; left > 0; left -= 1) {
      await sleep(DELAY_MS / 20);
      if (lock.held) expect(await scene.triedByOthers('a')).toBe(false);
    }
    await tried;
    expect(lock.held).toBe(false);
    scene.proxy.replyDelayMs = 0;
    await lock.release().catch(() => undefined);
    await scene.freeForOthers('a');
  });

  test('to a renewal lose the lock at its deadline, and not when they come', async () => {
    await lock.acquire();
    scene.proxy.replyDelayMs = DELAY_MS;
    const startedMs = performance.now();
    expect((await lock.lost).reason).toBe('expired');
    const lostMs = performance.now();
    expect(scene.proxy.lastReplyMs).toBeLessThan(startedMs + 1);
    expect(lostMs).toBeGreaterThan(startedMs);
    scene.proxy.replyDelayMs = 0;
    expect(await lock.release()).toBe(false);
    await scene.freeForOthers('a');
  });

  test('to a release take nothing away from whoever got the lock meanwhile', async () => {
    await lock.acquire();
    scene.proxy.replyDelayMs = DELAY_MS;
    const released = failureOf(lock.release());
    const other = new Lockfile(new VfsFile(scene.through(PATIENT), 'a'), { ttl: '30s' });
    scene.proxy.replyDelayMs = 0;
    await other.acquire({ wait: '20s' });
    await released;
    expect(other.held).toBe(true);
    expect(await scene.triedByOthers('a')).toBe(false);
    expect(await other.release()).toBe(true);
    await scene.freeForOthers('a');
  });
});

function ignoreTimeout(error: unknown): void {
  if (!(error instanceof LockTimeoutError)) throw error;
}
