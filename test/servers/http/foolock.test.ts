import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { Lockfile } from '../../../src/index.js';
import { TestService } from '../../support/serve/service.js';
import { listening, type Listening } from '../../support/serve/listening.js';

const run = promisify(execFile);
let folder: string;
let web: Listening;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-foolock-'));
  web = await listening(new TestService({ location: folder }).service);
});
afterAll(async () => {
  await web.stop();
  rmSync(folder, { recursive: true });
});

/** Runs a script of bash that has sourced the functions; each line of the result is what a call printed, or its status. */
async function bash(script: string): Promise<readonly string[]> {
  const env = { ...process.env, FOOLOCK_SERVER: web.url, FOOLOCK_CLIENT: 'laptop1' };
  const { stdout } = await run('bash', ['-uc', `. test/servers/http/foolock.sh\n${script}`], { env });
  return stdout.trim().split('\n');
}

test('foolock in a shell: acquired, renewed, refused to another, released', async () => {
  const lines = await bash(`
    foolock_acquire; echo $?
    foolock_acquire; echo $?
    FOOLOCK_CLIENT=laptop2 foolock_acquire; echo $?
    FOOLOCK_CLIENT=laptop2 foolock_release; echo $?
    foolock_status
    foolock_release; echo $?
    foolock_status
  `);
  const answers = lines.map((line) => JSON.parse(line) as unknown);
  expect(answers).toMatchObject([
    ...[{ holder: 'laptop1', message: 'acquired' }, 0, { holder: 'laptop1', message: 'renewed' }, 0],
    ...[{ success: false, holder: 'laptop1', message: 'held by another client' }, 1],
    ...[{ error: 'client does not hold the lock' }, 1, { holder: 'laptop1', message: 'lock held' }],
    ...[{ holder: '', message: 'lock released' }, 0, { holder: '', is_expired: true }],
  ]);
});

test('a job of a shell script is locked for programs of this library, and the other way round', async () => {
  const ours = await Lockfile.open(join(folder, 'nightly'), { ownerId: 'ours' });
  await bash('foolock_acquire nightly 10m');
  expect(await ours.tryAcquire()).toBe(false);
  await bash('foolock_release nightly');
  expect(await ours.tryAcquire()).toBe(true);
  expect((await bash('foolock_acquire nightly; echo $?')).at(-1)).toBe('1');
  await ours.release();
});
