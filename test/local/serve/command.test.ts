import { createHash } from 'node:crypto';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { Lockfile } from '../../../src/index.js';
import { cli, eventually, type Running, type Surroundings, useFolder } from '../../support/cli/harness.js';

const folder = useFolder();
const at = (name: string): string => join(folder(), name);

/** Starts a service and resolves with its URL, which ends with a slash. */
async function serve(args: readonly string[] = [], surroundings?: Surroundings): Promise<readonly [string, Running]> {
  const running = cli(['serve', at(''), '--listen', '127.0.0.1:0', ...args], surroundings);
  await eventually(() => expect(running.stdout() + running.stderr()).toContain('\n'));
  const [, url = ''] = /at (\S+)\n/.exec(running.stdout()) ?? [];
  expect(url, running.stderr()).toMatch(/^http:/);
  return [url, running];
}

async function post(url: string, body: object, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}

interface Answer {
  readonly status: number;
  readonly body: { readonly id?: string; readonly outcome?: string; readonly token?: string };
}

const hash = (token: string): string => createHash('sha256').update(token).digest('hex');

describe('vfs-lockfile serve', () => {
  test('its locks are those of the library in the same folder, and it is stopped by a signal', async () => {
    const [url, running] = await serve();
    const lock = await Lockfile.open(at('data.csv'));
    expect(await lock.tryAcquire()).toBe(true);
    expect((await post(`${url}v1/locks/data.csv/acquire`, { client: 'c' })).status).toBe(409);
    await lock.release();
    expect((await post(`${url}v1/locks/data.csv/acquire`, { client: 'c' })).status).toBe(200);
    expect(await lock.tryAcquire()).toBe(false);
    running.child.kill('SIGTERM');
    expect((await running.outcome).code).toBe(0);
  });

  test('a service that is killed in the middle forgets nothing, and the next one goes on', async () => {
    const [url, running] = await serve();
    const { body } = await post(`${url}v1/locks/data.csv/acquire`, { client: 'c' });
    running.child.kill('SIGKILL');
    await running.outcome;
    const [next] = await serve();
    expect((await post(`${next}v1/locks/data.csv/acquire`, { client: 'other' })).status).toBe(409);
    const again = await post(`${next}v1/locks/data.csv/acquire`, { client: 'c' });
    expect(again.body).toMatchObject({ outcome: 'renewed', id: body.id });
    const released = await post(`${next}v1/locks/data.csv/release`, { client: 'c', id: body.id });
    expect(released.body).toMatchObject({ released: true });
  });

  test('requests that wait are ended with the service, and hold nothing', async () => {
    const lock = await Lockfile.open(at('data.csv'));
    await lock.acquire();
    const [url, running] = await serve();
    const waiting = post(`${url}v1/locks/data.csv/acquire`, { client: 'c', waitMs: 60_000 }).catch(() => 'ended');
    await eventually(async () => {
      const { lock: found } = (await (await fetch(`${url}v1/locks/data.csv`)).json()) as { lock: { waiters: number } };
      expect(found.waiters).toBe(1);
    });
    running.child.kill('SIGTERM');
    expect((await running.outcome).code).toBe(0);
    expect(await waiting).toBe('ended');
    await lock.release();
    expect(await lock.tryAcquire()).toBe(true);
    await lock.release();
  });

  test('tokens are needed elsewhere than on loopback, and are read again when their file changes', async () => {
    const refused = await cli(['serve', at(''), '--listen', '0.0.0.0:0']).outcome;
    expect(refused).toMatchObject({ code: 64 });
    expect(refused.stderr).toContain('--token-file');
    writeFileSync(at('tokens'), `# name scope hash\nann write ${hash('first')}\n`);
    const [url, running] = await serve(['--token-file', at('tokens'), '--base-path', '/locks']);
    expect(url).toMatch(/\/locks\/$/);
    const status = async (token: string): Promise<number> =>
      (await fetch(`${url}v1/locks`, { headers: { authorization: `Bearer ${token}` } })).status;
    expect(await status('first')).toBe(200);
    expect(await status('second')).toBe(401);
    writeFileSync(at('tokens'), `ann write ${hash('second')}\n`);
    expect([await status('first'), await status('second')]).toEqual([401, 200]);
    const rotated = await post(`${url}auth/token/rotate`, {}, { authorization: 'Bearer second' });
    expect([await status('second'), await status(rotated.body.token ?? '')]).toEqual([401, 200]);
    writeFileSync(at('tokens'), 'no line of tokens at all');
    expect(await status(rotated.body.token ?? '')).toBe(200);
    expect(running.stderr()).toContain('NAME read|write SHA256');
    for (const secret of ['first', 'second', rotated.body.token ?? '-']) expect(running.stderr()).not.toContain(secret);
  });

  test('a link in the folder leads nobody out of it', async () => {
    mkdirSync(at('inside'));
    mkdirSync(at('outside'));
    symlinkSync(at('outside'), at('inside/link'));
    const running = cli(['serve', at('inside'), '--listen', '127.0.0.1:0']);
    await eventually(() => expect(running.stdout()).toContain('\n'));
    const [, url = ''] = /at (\S+)\n/.exec(running.stdout()) ?? [];
    expect((await post(`${url}v1/locks/link/data.csv/acquire`, { client: 'c' })).status).toBe(400);
    for (const path of ['v1/locks?prefix=link/', 'v1/locks?prefix=link/x', 'v1/sweep?prefix=link/']) {
      expect((await fetch(url + path)).status, path).toBe(400);
    }
    expect((await fetch(`${url}v1/locks?prefix=elsewhere/`)).status).toBe(404);
    // Whether a folder is there, behind the link, is not to be found out either.
    symlinkSync('loop', at('inside/loop'));
    for (const name of ['link/x', 'link/none/x', 'link/none/none/x', 'loop/x']) {
      expect((await fetch(`${url}v1/locks/${name}`)).status, name).toBe(400);
    }
    // As in other stores, nothing is locked in a folder that does not exist.
    expect(await (await fetch(`${url}v1/locks/none/none/x`)).json()).toMatchObject({ lock: { state: 'free' } });
    expect((await post(`${url}v1/locks/none/x/acquire`, { client: 'c' })).status).toBe(404);
    expect((await post(`${url}v1/locks/none/x/release`, { client: 'c', id: 'i' })).status).toBe(200);
  });

  test('a request by a path that no URL has, and one that is half sent, end nobody else', async () => {
    const [url] = await serve();
    const { port } = new URL(url);
    const raw = (text: string): Promise<string> =>
      new Promise((resolve) => {
        let answer = '';
        const socket = connect(Number(port), '127.0.0.1', () => socket.write(text));
        socket
          .on('data', (data) => (answer += String(data)))
          .on('close', () => {
            resolve(answer);
          });
        socket.on('error', () => undefined);
      });
    expect(await raw('GET //[ HTTP/1.1\r\nHost: [\r\nConnection: close\r\n\r\n')).toContain(' 400 ');
    expect(
      await raw('POST /v1/locks/../../x/acquire HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'),
    ).toMatch(/^HTTP\/1.1 4/);
    const half = connect(Number(port), '127.0.0.1', () => half.write('POST /lock HTTP/1.1\r\nHost: lo'));
    expect((await fetch(`${url}healthz`)).status).toBe(200);
    half.destroy();
  });

  test.each(['nowhere', '127.0.0.1', '127.0.0.1:99999', '::1:80'])('--listen %s is refused', async (listen) => {
    expect(await cli(['serve', at(''), '--listen', listen]).outcome).toMatchObject({ code: 64 });
  });
});
