import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { Lockfile, VfsFile, withLock } from '../../../src/index.js';
import { sleep } from '../../../src/util/sleep.js';
import { Scene } from './scene.js';
import { missing, openSsh } from './servers.js';

const lacking = missing(openSsh);
const LIMIT_MS = 500;

// The connection stays open, and its answers stay away, as when the machine of the server hangs.
describe.skipIf(lacking !== undefined)(
  `W7, U3: an sshd that was stopped (SIGSTOP)${lacking ? `: ${lacking}` : ''}`,
  () => {
    const silence = { code: 'ERR_VFS_TIMEOUT' };
    let scene: Scene;
    beforeEach(async () => void (scene = await Scene.alone(openSsh)));
    afterEach(async () => {
      vi.restoreAllMocks();
      scene.signal('SIGCONT');
      await scene.close();
    });

    const over = (name: string): Lockfile => {
      const options = { timeout: LIMIT_MS, connectTimeout: LIMIT_MS, keepalive: '1h', reconnect: 0 } as const;
      return new Lockfile(new VfsFile(scene.through(options), name), { renew: false, ttl: '5m' });
    };

    test('ends every call by the time limit, as silence and not as somebody who holds the lock', async () => {
      const held = over('held');
      await held.acquire();
      scene.signal('SIGSTOP');
      await Promise.all([
        expect(over('a').tryAcquire()).rejects.toMatchObject(silence),
        expect(over('b').acquire({ wait: 0 })).rejects.toMatchObject(silence),
        expect(over('c').acquire({ wait: '1h' })).rejects.toMatchObject(silence),
        expect(held.renew()).rejects.toMatchObject(silence),
      ]);
      await expect(held.release()).rejects.toMatchObject(silence);
      scene.signal('SIGCONT');
      await vi.waitFor(async () => expect(await scene.triedByOthers('a')).toBe(true), { timeout: 60_000 });
    });

    test('ends a wait by its signal', async () => {
      const lock = over('a');
      scene.signal('SIGSTOP');
      const reason = new Error('enough');
      const controller = new AbortController();
      const waiting = lock.acquire({ wait: '1h', signal: controller.signal });
      await sleep(50);
      controller.abort(reason);
      await expect(waiting).rejects.toBe(reason);
    });

    test('ends withLock after its function, with a warning', async () => {
      const warned = vi.spyOn(process, 'emitWarning').mockReturnValue();
      const { file } = over('a');
      const done = await withLock(file, () => {
        scene.signal('SIGSTOP');
        return 'done';
      });
      expect(done).toBe('done');
      expect(warned).toHaveBeenCalled();
    });
  },
);
