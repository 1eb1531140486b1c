import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { called, calledShared, CLI, matching, start, useFolder } from '../../support/cli/harness.js';
import { putLock } from '../../support/cli/locks.js';

const folder = useFolder();
const file = (): string => join(folder(), 'data.csv');

interface Lock {
  readonly state: string;
  readonly record: Readonly<Record<string, unknown>> | null;
}

async function lockNow(): Promise<Lock> {
  return JSON.parse((await calledShared(['status', file(), '--json'])).stdout) as Lock;
}

/** What a shell makes of a script in which `lock` is the command line. */
async function shell(name: 'bash' | 'sh', script: string): Promise<string> {
  const path = join(folder(), 'script');
  writeFileSync(path, `lock() { ${process.execPath} ${CLI} "$@"; }\n${script}`);
  const { stdout, stderr } = await start(name, [path, file()]).outcome;
  expect(stderr).toBe('');
  rmSync(path);
  return stdout;
}

describe('acquire, renew and release', () => {
  it.each(['bash', 'sh'] as const)(
    'are one lock across commands of a script for %s, which it stands for',
    async (name) => {
      const command = `${process.execPath} ${CLI}`;
      const script = `
      id=$(${command} acquire "$1" --owner me --note '{"job":7}') || exit
      ${command} status "$1" -q; echo "held: $?"
      ${command} acquire "$1" -q 2>/dev/null; echo "again: $?"
      ${command} renew "$1" --id "$id" --ttl 2h; echo "renewed: $?"
      ${command} release "$1" --id another 2>/dev/null; echo "another: $?"
      ${command} status "$1" --json | sed 's/.*"pid":\\([0-9]*\\).*"renewals":\\([0-9]*\\).*"leaseMs":\\([0-9]*\\).*/\\1 \\2 \\3/'
      echo "$$ 1 7200000"
      ${command} release "$1" --id "$id"; echo "released: $?"
      ${command} release "$1" --id "$id" 2>/dev/null; echo "twice: $?"
    `;
      const lines = (await shell(name, script)).trimEnd().split('\n');
      expect(lines.slice(0, 4)).toEqual(['held: 1', 'again: 75', 'renewed: 0', 'another: 1']);
      expect(lines[4]).toBe(lines[5]);
      expect(lines.slice(6)).toEqual(['released: 0', 'twice: 1']);
      expect(await lockNow()).toMatchObject({ state: 'free' });
    },
  );

  it.each([
    ['a pipe', '$(COMMAND acquire "$1" | cat)'],
    ['a list in a substitution', '$(cd / && COMMAND acquire "$1" || exit 1)'],
    ['a subshell', '$( (COMMAND acquire "$1"; true) )'],
  ])('stand for the shell itself, not for a part of it that ends: %s', async (_, call) => {
    const script = `id=${call.replace('COMMAND', `${process.execPath} ${CLI}`)}; echo $$; lock status "$1" --json`;
    const [pid, json = ''] = (await shell('bash', script)).trimEnd().split('\n');
    expect(JSON.parse(json)).toMatchObject({ state: 'held', alive: true, record: { pid: Number(pid) } });
    // Now that the shell has ended, the lock is free for the next one.
    expect(await lockNow()).toMatchObject({ state: 'stale', reason: 'dead-process' });
    const next = await called(['acquire', file(), '--pid', 'none', '--ttl', '10m']);
    expect(next).toMatchObject({ code: 0, stdout: matching(/^[0-9a-f]{32}\n$/) });
    expect(next.stderr).toMatch(/took over the stale lock .* as its process has ended/);
    expect(await lockNow()).toMatchObject({ state: 'held', alive: null, record: { pid: 0, leaseMs: 600_000 } });
  });

  it('stand for the process that is named, and refuse one that there is not', async () => {
    expect(await calledShared(['acquire', file(), '--pid', String(process.pid)])).toMatchObject({
      code: 0,
      stderr: '',
    });
    expect(await lockNow()).toMatchObject({ alive: true, record: { pid: process.pid } });
    const refused = await calledShared(['acquire', join(folder(), 'b'), '--pid', '2147483647']);
    expect(refused).toMatchObject({ code: 64, stdout: '', stderr: matching(/there is no process 2147483647/) });
    const misspelt = await calledShared(['acquire', join(folder(), 'b'), '--pid', 'me']);
    expect(misspelt).toMatchObject({ code: 64, stderr: matching(/--pid must be the number of a process, or none/) });
  });

  it('print the fencing token behind the id, which grows', async () => {
    for (const token of ['1', '2']) {
      const [id = '', printed] = (await calledShared(['acquire', file(), '--fencing', '--pid', 'none'])).stdout
        .trim()
        .split(' ');
      expect(printed).toBe(token);
      expect(await called(['release', file(), '--id', id])).toMatchObject({ code: 0, stdout: '', stderr: '' });
    }
  });

  it('end with the exit codes of run when somebody else holds the lock', async () => {
    putLock(folder(), 'data.csv');
    expect(await calledShared(['acquire', file()])).toMatchObject({ code: 75, stdout: '' });
    expect(await calledShared(['acquire', file(), '-E', '9'])).toMatchObject({ code: 9, stdout: '' });
    expect(await calledShared(['acquire', file(), '--wait', '50ms', '-q'])).toMatchObject({ code: 79, stdout: '' });
  });

  it('renew a lock whose ttl has ended, unless somebody took it over', async () => {
    putLock(folder(), 'data.csv', 100);
    expect(await called(['renew', file(), '--id', 'id-of-theirs'])).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect(await lockNow()).toMatchObject({ state: 'held', record: { ownerId: 'them', leaseMs: 60_000 } });
    putLock(folder(), 'data.csv', 0, 'GEM\n');
    expect(await calledShared(['renew', file(), '--id', 'id-of-theirs'])).toMatchObject({ code: 64 });
  });
});

describe('hold', () => {
  it('keeps others away for a reason that they see, and for its time only', async () => {
    const { code, stdout } = await called(['hold', file(), '--for', '2h', '--reason', 'moving the disk']);
    expect(code).toBe(0);
    const { state, record } = await lockNow();
    expect({ state, record }).toMatchObject({ state: 'held', record: { pid: 0, leaseMs: 7_200_000 } });
    expect(record?.note).toEqual({ reason: 'moving the disk' });
    expect((await calledShared(['status', file()])).stdout).toContain('moving the disk');
    expect(await called(['run', file(), '--', 'true'])).toMatchObject({ code: 75 });
    expect(await calledShared(['release', file(), '--id', stdout.trim()])).toMatchObject({ code: 0 });
  });
});
