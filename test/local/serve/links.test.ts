import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { CheckedService } from '../../support/serve/openapi.js';
import { bearer, TOKENS, WRITER } from '../../support/serve/service.js';

let home: string;
let service: CheckedService;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'vfs-lockfile-links-'));
  for (const name of ['locks/folder', 'locks-of-others', 'outside/folder'])
    mkdirSync(join(home, name), { recursive: true });
  writeFileSync(join(home, 'outside/secret.lock'), 'x');
  service = new CheckedService({ location: join(home, 'locks'), tokens: TOKENS });
});
afterEach(() => {
  rmSync(home, { recursive: true });
});

function link(target: string, name: string): void {
  symlinkSync(target, join(home, 'locks', name));
}

/** The statuses of all requests that name a lock. */
async function statusesOf(name: string): Promise<readonly number[]> {
  const requests: readonly (readonly [string, object?])[] = [
    [`POST /v1/locks/${name}/acquire`, { client: 'c' }],
    [`GET /v1/locks/${name}`],
    [`POST /v1/locks/${name}/renew`, { client: 'c', id: 'i' }],
    [`POST /v1/locks/${name}/release`, { client: 'c', id: 'i' }],
    [`POST /v1/locks/${name}/force-release`, { id: 'i', reason: 'r' }],
    [`GET /v1/history/${name}`],
  ];
  const statuses: number[] = [];
  for (const [request, body] of requests) statuses.push((await service.ask(request, body, bearer(WRITER))).status);
  return statuses;
}

const REFUSED = [400, 400, 400, 400, 400, 400];

test.each([
  ['a folder outside', '../outside', ['link/x', 'link/folder/x', 'link/none/x', 'link/none/none/x']],
  ['a folder whose name begins as that of the location', '../locks-of-others', ['link/x', 'link/none/x']],
  ['itself', 'link', ['link/x']],
])(
  'a link to %s leads no name and no prefix out of the location, nor shows what is there',
  async (_, target, names) => {
    link(target, 'link');
    for (const name of names) {
      expect(await statusesOf(name), name).toEqual(REFUSED);
      const folder = name.slice(0, name.lastIndexOf('/') + 1);
      for (const path of [`/v1/locks?prefix=${folder}`, `/v1/locks?prefix=${name}`, `/v1/sweep?prefix=${folder}`]) {
        expect((await service.ask(`GET ${path}`, undefined, bearer(WRITER))).status, path).toBe(400);
      }
      const swept = await service.ask('POST /v1/sweep', { prefix: folder }, bearer(WRITER));
      expect(swept.status).toBe(400);
    }
    expect(existsSync(join(home, 'outside/x.lock'))).toBe(false);
  },
);

test('a link within the location is a folder as any other, and one that leads nowhere is none', async () => {
  link('folder', 'inner');
  link('nowhere', 'dangling');
  expect(await statusesOf('inner/x')).toEqual([200, 200, 409, 200, 409, 200]);
  expect(existsSync(join(home, 'locks/folder/x.lock'))).toBe(true);
  expect(await statusesOf('dangling/x')).toEqual([404, 200, 409, 200, 409, 200]);
});

test('a folder that does not exist is as in other stores: nothing is locked in it', async () => {
  expect(await statusesOf('none/none/x')).toEqual([404, 200, 409, 200, 409, 200]);
});

test('a link in the place of a lock file is no lock, and what it leads to stays as it is', async () => {
  link('../outside/secret.lock', 'trap.lock');
  expect(await statusesOf('trap')).toEqual([409, 409, 409, 409, 409, 200]);
  const listed = await service.json('GET /v1/locks', undefined, bearer(WRITER));
  expect(JSON.stringify(listed)).not.toContain('secret');
  expect(readFileSync(join(home, 'outside/secret.lock'), 'utf8')).toBe('x');
});
