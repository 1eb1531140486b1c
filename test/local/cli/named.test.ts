import { expect, it } from 'vitest';

import { lockSync, named } from '../../../src/index.js';
import { called, calledShared, useFolder } from '../../support/cli/harness.js';

const folder = useFolder();

it('U22: --named locks a name in the place of a FILE, for run, status and unlock', async () => {
  const it = ['--named', 'nightly report', '--in', folder()];
  const held = lockSync(named('nightly report', folder()));
  expect((await called(['run', ...it, '--', 'true'])).code).toBe(75);
  const status = JSON.parse((await called(['status', ...it, '--json'])).stdout) as { readonly id: string };
  expect((await called(['unlock', ...it, '--expect', status.id])).code).toBe(0);
  expect(held.release()).toBe(false);
  expect(await called(['run', ...it, '--', 'echo', 'ran'])).toMatchObject({ code: 0, stdout: 'ran\n', stderr: '' });
});

it.each([
  [['f', '--named', 'x'], 'expected either FILE or --named, not "f" too'],
  [['f', '--in', '/tmp'], 'expected --named NAME with --in'],
  [['--named', ''], '--named is empty'],
])('U22: %j is wrong usage', async (args, problem) => {
  const { code, stderr } = await calledShared(['status', ...args]);
  expect([code, stderr]).toEqual([64, `vfs-lockfile: ${problem}; see vfs-lockfile status --help\n`]);
});
