import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { called, calledShared, cli, eventually, matching, useFolder } from '../../support/cli/harness.js';
import { ELSEWHERE, putLock } from '../../support/cli/locks.js';

const folder = useFolder();
const file = (): string => join(folder(), 'data.csv');
const status = async (...options: readonly string[]): Promise<string> =>
  (await calledShared(['status', file(), ...options])).stdout;
const RENEWED = new Date().toISOString();
const REPORTED = new Date(Date.now() - 840_000).toISOString();

describe('issue 12: progress', () => {
  it('is shown with the time without any by status, ls and the error of who wants the lock, whatever a stranger wrote', async () => {
    const createdAt = new Date(Date.now() - 900_000).toISOString();
    const progress = { at: REPORTED, value: { done: 12, total: 40, text: '\u001b]0;x\u0007' } };
    putLock(folder(), 'data.csv', 0, { ...ELSEWHERE, createdAt, renewedAt: RENEWED, renewals: 9, progress });
    const words = '12 of 40, \\u{1b}]0;x\\u{7} (no progress for 14m ';
    expect(await status()).toContain(`\nwork    ${words}`);
    const { stdout } = await called(['ls', folder(), '-o', 'wide', '--no-headers']);
    expect(stdout.trimEnd().split('\t').at(-1)).toContain(words);
    const refused = await called(['run', file(), '--', 'true']);
    expect(refused).toMatchObject({ code: 75, stderr: matching(/unless renewed.*; 12 of 40, .*no progress for 14m/) });
    const json = JSON.parse(await status('--json')) as Record<string, unknown>;
    expect(json).toMatchObject({ record: { progress: { at: REPORTED, value: { done: 12 } } } });
    expect(Math.floor(Number(json.progressAgeMs) / 60_000)).toBe(14);
  });

  it('of COMMAND is the last line of the file in VFS_LOCKFILE_PROGRESS, which is gone afterwards', async () => {
    const words = ['echo "$VFS_LOCKFILE_PROGRESS"', 'echo first >"$VFS_LOCKFILE_PROGRESS"'];
    const json = `echo '{"done":3}' >>"$VFS_LOCKFILE_PROGRESS"`;
    const go = join(folder(), 'go');
    const script = [...words, json, `until [ -e ${go} ]; do sleep 0.05; done`].join('; ');
    // Renewed after 5 s at the latest, and not lost on a busy machine.
    const running = cli(['run', file(), '--ttl', '15s', '--progress', '--', 'sh', '-c', script]);
    await eventually(() => {
      const record: unknown = JSON.parse(readFileSync(`${file()}.lock`, 'utf8'));
      expect(record).toMatchObject({ progress: { value: { done: 3 } } });
    });
    writeFileSync(go, '');
    const { stdout, stderr, code } = await running.outcome;
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    expect(stdout).toMatch(/vfs-lockfile-progress-\w+\/progress\n$/);
    expect(existsSync(dirname(stdout))).toBe(false);
  });

  it('of a lock across commands comes with renew', async () => {
    const id = (await called(['acquire', file(), '--pid', 'none'])).stdout.trim();
    expect((await called(['renew', file(), '--id', id, '--progress', '3 of 7'])).code).toBe(0);
    expect(await status()).toMatch(/\nwork {4}3 of 7 \(\d+s ago\)\n/);
    const large = JSON.stringify({ x: 'y'.repeat(2000) });
    const refused = await calledShared(['renew', file(), '--id', id, '--progress', large]);
    expect(refused).toMatchObject({ code: 64, stderr: matching(/progress must take at most 1024 bytes/) });
  });
});
