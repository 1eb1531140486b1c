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

/** As a Mac describes itself. */
const MAC = `system_profiler() {
  case $1 in
    SPSoftwareDataType) echo "      Computer Name: $NAME" ;;
    SPHardwareDataType) echo "      Hardware UUID: 0A-1B" ;;
  esac
}`;

/** Runs a script of bash that has sourced the functions; each line of the result is what a call printed, or its status. */
async function bash(script: string, machine = MAC): Promise<readonly string[]> {
  const env = { ...process.env, FOOLOCK_SERVER: web.url, NAME: "Ann's laptop_1" };
  const { stdout } = await run('bash', ['-uc', `. test/servers/http/foolock.sh\n${machine}\n${script}`], { env });
  return stdout.trim().split('\n');
}

test('foolock in a shell: acquired, renewed, refused to another, released', async () => {
  const lines = await bash(`
    acquire; echo $?
    acquire; echo $?
    NAME=other acquire; echo $?
    NAME=other release; echo $?
    status; echo $?
    release; echo $?
    status
  `);
  const answers = lines.map((line) => JSON.parse(line) as unknown);
  const holder = 'Annslaptop_1-0A-1B';
  expect(answers).toMatchObject([
    ...[{ holder, message: 'acquired' }, 0, { holder, message: 'renewed' }, 0],
    ...[{ success: false, holder, message: 'held by another client' }, 1],
    ...[{ error: 'client does not hold the lock' }, 1, { holder, message: 'lock held' }, 0],
    ...[{ holder: '', message: 'lock released' }, 0, { holder: '', is_expired: true }],
  ]);
});

test('machines without a name are one client, as with foolock itself', async () => {
  const lines = await bash('acquire night 10s; acquire night 10s; release night; release night || status night', '');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    ...[{ holder: '-', message: 'acquired' }, { holder: '-', message: 'renewed' }, { message: 'lock released' }],
    ...[{ error: 'client does not hold the lock' }, { holder: '', message: 'no lock held' }],
  ]);
});

test('a job of a shell script is locked for programs of this library, and the other way round', async () => {
  const ours = await Lockfile.open(join(folder, 'nightly'), { ownerId: 'ours' });
  await bash('acquire nightly 10m');
  expect(await ours.tryAcquire()).toBe(false);
  await bash('release nightly');
  expect(await ours.tryAcquire()).toBe(true);
  expect((await bash('acquire nightly; echo $?')).at(-1)).toBe('1');
  expect((await bash('status nightly; echo $?')).at(-1)).toBe('0');
  await ours.release();
});
