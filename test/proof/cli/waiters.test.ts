import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { inspect } from '../../../src/admin/index.js';
import { Lockfile } from '../../../src/index.js';
import { called, cli, eventually, useFolder } from '../../support/cli/harness.js';

const folder = useFolder();

it('three processes announce that they wait, and one of them is killed: the others stay, and sweep removes its mark', async () => {
  const file = join(folder(), 'data.csv');
  const marks = (): readonly string[] => readdirSync(join(folder(), '.vfs-lockfile-waiters'));
  const holder = await Lockfile.open(file);
  await holder.acquire();
  const wait = ['--wait', '1h', '--announce', '--owner'];
  const killed = cli(['run', file, ...wait, 'killed', '--', 'true']);
  const others = [
    cli(['run', file, ...wait, 'runs', '--', 'sh', '-c', 'echo ran']),
    cli(['acquire', file, ...wait, 'acquires', '--quiet', '--pid', 'none', '--ttl', '1s']),
  ];
  const owners = async (): Promise<readonly string[]> =>
    ((await inspect(file, { waiters: true })).waiters ?? []).map(({ ownerId }) => ownerId).sort();
  await eventually(async () => expect(await owners()).toEqual(['acquires', 'killed', 'runs']));
  killed.child.kill('SIGKILL');
  await killed.outcome;
  expect(await owners()).toEqual(['acquires', 'runs']);
  expect(marks()).toHaveLength(3);
  const swept = await called(['sweep', folder()]);
  expect(swept.stdout).toMatch(/^removed\t\.vfs-lockfile-waiters\/vfs-lockfile-waiter-\S+\tended\t/m);
  expect(marks()).toHaveLength(2);
  await holder.release();
  for (const { outcome } of others) expect(await outcome).toMatchObject({ code: 0, signal: null });
  await eventually(() => expect(marks()).toEqual([]));
});
