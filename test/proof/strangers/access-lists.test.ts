import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { areThere, lacks } from '../../support/needs.js';
import { ANNE, BERT, Installed } from '../../support/users/other-users.js';

const lacking =
  process.getuid?.() !== 0 ? 'needs root, to act as other users' : areThere(['/usr/bin/setfacl']) ? '' : lacks('acl');

describe.skipIf(lacking !== '')(`W3: a folder that two users may write to by an access control list ${lacking}`, () => {
  let installed: Installed;
  let folder = '';
  beforeAll(() => {
    installed = new Installed();
  });
  afterAll(() => installed.remove());
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-acl-'));
    chmodSync(folder, 0o770);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const users = [ANNE, BERT].map(({ uid }) => `u:${String(uid)}:rwx`).join();
  const allow = (...options: readonly string[]): void =>
    void execFileSync('setfacl', [...options, '-m', users, folder]);

  test('and that new files inherit (a default list): one who was killed in the guard does not keep the other out', async () => {
    allow();
    allow('-d');
    for (const killAfter of [1, 2, 3, 4]) {
      expect(await installed.as(ANNE, folder, 'cycle', { killAfter })).toEqual({ signal: 'SIGKILL' });
      expect(await installed.as(BERT, folder, 'cycle')).toMatchObject({ done: { released: true } });
      expect(readdirSync(folder), `killed after ${String(killAfter)}`).toEqual([]);
    }
  });

  test("and that new files do not inherit: what the other's lock says is denied, by name, and nothing is changed", async () => {
    allow();
    expect(await installed.as(ANNE, folder, 'cycle', { killAfter: 1 })).toEqual({ signal: 'SIGKILL' });
    const before = readdirSync(folder, { recursive: true });
    const answer = await installed.as(BERT, folder, 'cycle');
    expect(answer).toMatchObject({ code: 'ERR_VFS_DENIED' });
    expect(answer.message).toContain(join(folder, 'data.csv.lock'));
    expect(readdirSync(folder, { recursive: true })).toEqual(before);
  });
});
