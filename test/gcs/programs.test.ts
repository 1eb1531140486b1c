import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { describe, expect, test } from 'vitest';

import { gcsVfs } from '../../src/backends/gcs.js';
import { missing, servers, startServer, type GcsServer } from './servers.js';

const dist = join(import.meta.dirname, '..', '..', 'dist');

/** A program of the package, with all that it needs to know of the store in its environment. */
async function runWith(server: GcsServer, ...args: readonly string[]) {
  const env = {
    ...process.env,
    // The SDK's own, on versions of Node that it will give up.
    NODE_NO_WARNINGS: '1',
    STORAGE_EMULATOR_HOST: server.endpoint,
  };
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { stdout, stderr, code: child.exitCode };
}

for (const kind of servers) {
  const lacking = missing(kind);
  describe.skipIf(lacking !== undefined)(`programs on ${kind.name}${lacking ? `: ${lacking}` : ''}`, () => {
    test('the inbox demo runs, and leaves its archive and nothing else', { timeout: 240_000 }, async () => {
      const server = await startServer(kind);
      try {
        const inbox = `gs://${server.bucket}/some folder/inbox`;
        const ran = await runWith(server, join(dist, 'demo', 'main.js'), '--inbox', inbox, '--keep');
        console.log(ran.stdout.trim().split('\n').slice(-12).join('\n'));
        expect(ran).toMatchObject({ code: 0, stderr: '' });
        expect(ran.stdout).toMatch(/Every file was processed exactly once/);
        const vfs = gcsVfs({ bucket: server.bucket, client: server.client() });
        const left: string[] = [];
        for await (const { path } of vfs.list('some folder', { recursive: true })) left.push(path);
        expect(left.length).toBeGreaterThan(2);
        for (const path of left) expect(path).toMatch(/^some folder\/inbox\/archive\/.*\.csv$/);
      } finally {
        await server.dispose();
      }
    });

    test('the command line locks, tells who holds the lock, and that it is free again', async () => {
      const server = await startServer(kind);
      try {
        const [cli, uri] = [join(dist, 'cli', 'main.js'), `gs://${server.bucket}/jobs/nightly`];
        expect(await runWith(server, cli, 'status', uri)).toMatchObject({ code: 0 });
        const status = [process.execPath, cli, 'status', uri, '--json'];
        const held = await runWith(server, cli, 'run', uri, '--owner', 'nightly', '--', ...status);
        expect(held).toMatchObject({ code: 1, stderr: '' });
        expect(held.stdout).toContain('"nightly"');
        expect(await runWith(server, cli, 'status', uri)).toMatchObject({ code: 0 });
        expect(await runWith(server, cli, 'run', uri, '--', 'true')).toMatchObject({ code: 0, stderr: '' });
      } finally {
        await server.dispose();
      }
    });
  });
}
