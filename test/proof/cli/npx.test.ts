import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { pack, type Packed, usePacked } from '../../package/packed.js';

let packed: Packed;
beforeAll(async () => void (packed = usePacked(await pack())));
afterAll(() => packed.remove());

/** Prints the id of the shell, and then that of the inner one. */
const SCRIPT = `
echo $$
npx vfs-lockfile acquire npx >&2
id=$(npx vfs-lockfile acquire piped | cat)
npm exec -- vfs-lockfile acquire exec >&2
npm exec -c 'vfs-lockfile acquire command' >&2
sh -c 'echo $$; npx vfs-lockfile acquire inner >&2; exit 0'
mkdir empty && cd empty && npx --yes --offline -p "$1" vfs-lockfile acquire ../empty-folder >&2
`;

it('a lock of acquire stands for the shell that calls npx or npm exec, and not for a process between the two', () => {
  const { PATH } = process.env;
  const cache = join(packed.home, 'cache');
  const env = { PATH, HOME: packed.home, npm_config_cache: cache, npm_config_update_notifier: 'false' };
  const { stdout, stderr } = spawnSync('bash', ['-c', SCRIPT, 'bash', packed.tarball], {
    cwd: packed.home,
    encoding: 'utf8',
    env,
  });
  const [shell, inner] = stdout.trim().split('\n').map(Number);
  const pids = Object.fromEntries(
    ['npx', 'piped', 'exec', 'command', 'inner', 'empty-folder'].map((name) => {
      const text = readFileSync(join(packed.home, `${name}.lock`), 'utf8');
      return [name, (JSON.parse(text) as { pid: number }).pid];
    }),
  );
  expect(pids, stderr).toEqual({
    ...{ npx: shell, piped: shell, exec: shell, command: shell, inner },
    'empty-folder': shell,
  });
  expect(inner).not.toBe(shell);
});
