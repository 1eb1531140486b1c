import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { gcsVfs, type GcsVfs } from '../../../src/backends/gcs/index.js';
import { inspect } from '../../../src/admin/index.js';
import { Lockfile, VfsFile } from '../../../src/index.js';
import { areThere, lacks } from '../../support/needs.js';
import { HOW_TO_GET_PYTHON_CLIENTS, PYTHON, PYTHON_CLIENT_FILES } from '../http/python-clients.js';
import { missing, servers, type GcsServer } from './servers.js';
import { useServer } from './use-server.js';

/** The package `gcslock` 0.0.6 of PyPI, in a process of its own. */
class Gcslock {
  readonly #child;
  readonly #lines;

  constructor({ endpoint, bucket }: GcsServer, owner: string) {
    const args = ['test/servers/gcs/gcslock-client.py', bucket, owner];
    const env = { ...process.env, STORAGE_EMULATOR_HOST: endpoint };
    this.#child = spawn(PYTHON, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async ask(line: string): Promise<string> {
    this.#child.stdin.write(`${line}\n`);
    const { value, done } = (await this.#lines.next()) as IteratorResult<string, undefined>;
    if (done) throw new Error('the client has ended');
    return value;
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    this.#child.stdin.end();
    await once(this.#child, 'exit');
  }
}

const lackingClient = areThere(PYTHON_CLIENT_FILES) ? undefined : lacks(HOW_TO_GET_PYTHON_CLIENTS);

for (const kind of servers) {
  const lacking = lackingClient ?? missing(kind);
  describe.skipIf(lacking !== undefined)(`gcslock 0.0.6 on ${kind.name}${lacking ? `: ${lacking}` : ''}`, () => {
    let server: GcsServer;
    let vfs: GcsVfs;
    const clients: Gcslock[] = [];
    // fake-gcs-server leaves the metageneration and the time of an object as they are when its metadata changes.
    const countsChanges = kind.removes;

    beforeAll(async () => {
      server = await useServer(kind);
      const conditionalDelete = kind.removes ? 'native' : 'none';
      vfs = gcsVfs({
        ...{ bucket: server.bucket, client: server.client() },
        ...{ conditionalDelete, compatible: 'gcslock' },
      });
    });
    afterEach(async () => {
      for (const client of clients.splice(0)) await client.end();
    });
    afterAll(() => server.dispose());

    const gcslock = (owner: string): Gcslock => {
      const client = new Gcslock(server, owner);
      clients.push(client);
      return client;
    };

    const lockOn = (name: string, ttl = '10m'): Lockfile =>
      new Lockfile(new VfsFile(vfs, name), { ttl, ownerId: 'ours', renew: false });

    test('F6: it respects a lock of this library, renewed too, and gets it after its release', async () => {
      const client = gcslock('theirs');
      const ours = lockOn('ours');
      await ours.acquire();
      expect(await client.ask('acquire ours.lock 30')).toBe('LockConflictError');
      await ours.renew();
      expect(await client.ask('acquire ours.lock 30')).toBe('LockConflictError');
      expect(await ours.release()).toBe(true);
      expect(await client.ask('acquire ours.lock 600')).toBe('ok');
      if (!countsChanges) return;
      expect(await ours.tryAcquire()).toBe(false);
      const found = await inspect(new VfsFile(vfs, 'ours'));
      expect(found).toMatchObject({ state: 'held', record: { ownerId: 'theirs', via: 'gcslock' } });
    });

    test('F6: this library respects its lock, and gets it after its release', async () => {
      const client = gcslock('theirs');
      const ours = lockOn('theirs');
      expect(await client.ask('acquire theirs.lock 600')).toBe('ok');
      expect(await ours.tryAcquire()).toBe(false);
      expect(await client.ask('release')).toBe('ok');
      expect(await ours.tryAcquire()).toBe(true);
      expect(await ours.release()).toBe(true);
    });

    test('its owner is no owner of this library, whatever its name', async () => {
      const ours = lockOn('names');
      await ours.acquire();
      expect(await gcslock('ours').ask('acquire names.lock 30')).toBe('LockConflictError');
      await ours.release();
    });

    test('a lock of it that has expired is taken over', async () => {
      const client = gcslock('theirs');
      expect(await client.ask('acquire expired.lock 1')).toBe('ok');
      const ours = lockOn('expired');
      await ours.acquire({ wait: '2m' });
      expect(ours.reclaimedFrom).toMatchObject({ ownerId: 'theirs', reason: 'expired' });
      expect(await client.ask('acquire expired.lock 30')).toBe('LockConflictError');
      await ours.release();
    });

    test.runIf(countsChanges)('a lock of this library that it took over is lost, and is not released', async () => {
      const client = gcslock('theirs');
      const ours = lockOn('taken', '1s');
      await ours.acquire();
      await expect.poll(() => client.ask('acquire taken.lock 600'), { timeout: 60_000 }).toBe('ok');
      await expect(ours.renew()).rejects.toMatchObject({ code: 'ERR_LOCK_LOST' });
      expect(await ours.release()).toBe(false);
      const found = await inspect(new VfsFile(vfs, 'taken'));
      expect(found).toMatchObject({ state: 'held', record: { ownerId: 'theirs' } });
      expect(await lockOn('taken').tryAcquire()).toBe(false);
      expect(await client.ask('release')).toBe('ok');
      expect(await lockOn('taken').tryAcquire()).toBe(true);
    });

    test('an option that is none is refused', () => {
      expect(() => gcsVfs({ bucket: 'locks', compatible: 'other' as 'gcslock' })).toThrow(
        "compatible must be 'gcslock'",
      );
    });
  });
}
