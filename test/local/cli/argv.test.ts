import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { CLI, useFolder } from '../../support/cli/harness.js';

const folder = useFolder();

/** Runs the command line through a shell, which can make arguments of any bytes. */
function shell(script: string): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  const env = { ...process.env, FILE: join(folder(), 'x') };
  return spawnSync('bash', ['-c', script, 'bash', process.execPath, CLI], { encoding: 'utf8', env });
}

it.skipIf(process.platform !== 'linux')('A7: an argument that is no UTF-8 is refused, and starts nothing', () => {
  const mangled = shell(String.raw`"$@" run "$FILE" -- printf %s $'caf\xe9'`);
  expect(mangled).toMatchObject({ status: 64, stdout: '' });
  expect(mangled.stderr).toMatch(/is not UTF-8/);
  expect(shell(String.raw`"$@" run $'caf\xe9' -- true`).status).toBe(64);
  expect(shell(String.raw`"$@" run "$FILE" -- printf %s $'\xef\xbf\xbd'`)).toMatchObject({
    status: 0,
    stdout: '\ufffd',
  });
});
