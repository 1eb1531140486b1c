import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { called, calledShared, cli, eventually, own, start, useFolder } from '../../support/cli/harness.js';
import { putLock } from '../../support/cli/locks.js';
import { onScreen } from '../../support/cli/screen.js';

const folder = useFolder();
const file = (): string => join(folder(), 'data.csv');

async function idOf(): Promise<string> {
  const { stdout } = await calledShared(['status', file(), '--json']);
  return (JSON.parse(stdout) as { readonly id: string }).id;
}

describe('unlock', () => {
  it('ends a lock that is held, by its id, and says whose, by whom and why', async () => {
    const [node, script] = own('hold.mjs');
    const holder = start(node, [script, file(), JSON.stringify({ ownerId: 'me\u{1b}' })]);
    await eventually(() => expect(holder.stdout()).toBe('held\n'));
    const { code, stdout, stderr } = await called([
      'unlock',
      file(),
      '--expect',
      await idOf(),
      '--reason',
      'it\nhangs',
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.startsWith(`the lock of me\\u{1b} on ${file()} was ended by ${userInfo().username}@`)).toBe(true);
    expect(stdout).toMatch(/: it\\u\{a\}hangs\n$/);
    // The holder may be alive: it finds there who ended its lock.
    expect(await calledShared(['status', file(), '-q'])).toMatchObject({ code: 0 });
  });

  it("U9: the holder's error says who ended its lock and why", async () => {
    const victim = cli(['run', file(), '--ttl', '2s', '--', 'sleep', '600']);
    await eventually(() => expect(existsSync(`${file()}.lock`)).toBe(true));
    await calledShared(['unlock', file(), '--expect', await idOf(), '--reason', 'ticket 4711']);
    const { code, stderr } = await victim.outcome;
    expect(code).toBe(80);
    expect(stderr).toMatch(/lost the lock \S+: it was ended by \S+@.*: ticket 4711; COMMAND was ended\n$/);
  });

  it.each([
    ['y', 0],
    ['n', 1],
  ])('U9: on a terminal shows whether the holder lives and asks, and %s ends with %i', async (answer, code) => {
    const [node, script] = own('hold.mjs');
    const holder = start(node, [script, file(), JSON.stringify({ ownerId: 'me' })]);
    await eventually(() => expect(holder.stdout()).toBe('held\n'));
    const screen = onScreen(['unlock', file(), '--expect', await idOf()], { columns: 120 });
    await eventually(() => expect(screen.sent()).toContain('End it? [y/N] '));
    expect(screen.sent()).toMatch(/^ {2}who +me, .*, process \d+ \(alive\)/m);
    expect(screen.sent()).toContain(`Its process ${holder.pid} is alive on this host`);
    screen.terminal.write(`${answer}\r`);
    expect(await screen.exitCode).toBe(code);
    expect(await called(['status', file(), '-q'])).toMatchObject({ code });
  });

  it('touches no lock with another id, and names the lock that is there', async () => {
    const lock = putLock(folder(), 'data.csv');
    const { code, stdout, stderr } = await calledShared(['unlock', file(), '--expect', 'another']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^vfs-lockfile: nothing was changed: .* is held by them .*, its id is id-of-theirs\n$/);
    expect(existsSync(lock)).toBe(true);
  });

  it('says that there is none', async () => {
    const { code, stderr } = await calledShared(['unlock', file(), '--expect', 'any']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^vfs-lockfile: nothing was changed: there is no lock \S+data\.csv\.lock\n$/);
  });

  it('ends a lock without an id of its own by the id that status shows, and prints nothing with --quiet', async () => {
    const lock = putLock(folder(), 'data.csv', 0, '{');
    expect(await calledShared(['unlock', file(), '-q', '--expect', await idOf()])).toMatchObject({
      code: 0,
      stdout: '',
      stderr: '',
    });
    expect(existsSync(lock)).toBe(false);
  });
});
