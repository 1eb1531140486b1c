import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { Lockfile } from '../../../src/index.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-example-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

test.each([
  ['node-http', '', false],
  ['express', '/locks', true],
  ['hono', '/locks', true],
])('examples/serve/%s.mjs serves the locks in a folder', async (name, basePath, isPart) => {
  const server = spawn(process.execPath, [`examples/serve/${name}.mjs`, folder, '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    let said = '';
    while (!/port: \d+/.test(said)) said += String((await once(server.stdout, 'data'))[0]);
    const origin = `http://127.0.0.1:${/port: (\d+)/.exec(said)?.[1] ?? ''}`;
    const post = (verb: string, body: object): Promise<Response> =>
      fetch(`${origin}${basePath}/v1/locks/data.csv/${verb}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    const { id } = (await (await post('acquire', { client: 'c' })).json()) as { readonly id: string };
    const ours = await Lockfile.open(join(folder, 'data.csv'));
    expect(await ours.tryAcquire()).toBe(false);
    expect(await (await fetch(`${origin}${basePath}/`)).text()).toContain('data.csv');
    expect(await (await post('release', { client: 'c', id })).json()).toMatchObject({ released: true });
    expect(await ours.tryAcquire()).toBe(true);
    await ours.release();
    expect((await fetch(`${origin}/nothing-of-locks`)).status).toBe(404);
    if (isPart) expect((await fetch(`${origin}/`)).status).toBe(200);
  } finally {
    server.kill();
    await once(server, 'exit');
  }
});
