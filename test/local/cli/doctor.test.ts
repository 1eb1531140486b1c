import { chmodSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { called, calledShared, cli, eventually, matching, useFolder } from '../../support/cli/harness.js';

const folder = useFolder();
const uid = process.getuid?.() === 0 ? { uid: 65_534 } : undefined;

describe('doctor', () => {
  it('finds a local disk safe, shows the checks, and leaves nothing behind', async () => {
    const { code, stdout, stderr } = await called(['doctor', folder()]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`^safe {2}${folder()} \\(file\\)\n`));
    expect(stdout).toMatch(/^ok +race of 16 creates +\d+$/m);
    expect(stdout).toMatch(/^round trips in ms: read [\d.]+, create /m);
    expect(readdirSync(folder())).toEqual([]);
  });

  it('prints everything as one object on one line, or nothing but an exit code', async () => {
    const { stdout } = await calledShared(['doctor', folder(), '--json']);
    expect(stdout).toMatch(/^[^\n]+\n$/);
    expect(JSON.parse(stdout)).toMatchObject({ verdict: 'safe', backend: 'file', location: folder(), leftBehind: [] });
    expect(await calledShared(['doctor', folder(), '-q'])).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });

  it('ends with 2 where nothing can be tried', async () => {
    const closed = join(folder(), 'closed');
    mkdirSync(closed);
    chmodSync(folder(), 0o755);
    chmodSync(closed, 0o555);
    const { code, stdout } = await called(['doctor', closed], uid);
    chmodSync(closed, 0o755);
    expect(stdout).toMatch(/^unproved {2}/);
    expect(stdout).toContain('It is not known whether locks are safe here');
    expect(code).toBe(2);
  });

  it('says that nothing is proved when it is interrupted, and leaves nothing behind', async () => {
    const examining = cli(['doctor', folder()]);
    await eventually(() => expect(readdirSync(folder())).not.toEqual([]));
    examining.child.kill('SIGINT');
    const stderr = matching(/^vfs-lockfile: interrupted after \d+ of the checks, so nothing is proved\n$/);
    expect(await examining.outcome).toMatchObject({ code: 130, stdout: '', stderr });
    expect(readdirSync(folder())).toEqual([]);
  });
});
