import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeEach, describe, expect, it } from 'vitest';

import { COMMAND_NAMES, COMMANDS, type CommandName } from '../../../src/cli/usage/commands.js';
import { CLI, useFolder } from '../../support/cli/harness.js';
import { ELSEWHERE, putLock } from '../../support/cli/locks.js';
import { lacks } from '../../support/needs.js';
import { completionSuite, work } from '../../support/suites/completion.js';

const folder = useFolder();
const missing = (shell: string): string | undefined => spawnSync(shell, ['--version']).error && lacks(shell);

completionSuite('zsh', missing('zsh'));

describe('completion in fish', () => {
  const lacking = missing('fish');
  beforeEach((context) => context.skip(lacking !== undefined, lacking));

  /** What fish offers for each of some lines. */
  function offered(lines: readonly string[]): readonly (readonly string[])[] {
    const script = join(folder(), 'completion');
    writeFileSync(script, execFileSync(process.execPath, [CLI, 'completion', 'fish']));
    const cli = `function vfs-lockfile; ${process.execPath} ${CLI} $argv; end`;
    const asked = lines.map((line) => `complete -C '${line.replace(/[\\']/g, '\\$&')}'; echo ===`);
    const commands = [cli, `source ${script}`, `cd ${join(folder(), 'work')}`, ...asked].join('\n');
    const options = { encoding: 'utf8', env: { ...process.env, HOME: folder() } } as const;
    const { stdout, stderr } = spawnSync('fish', ['--no-config', '-c', commands], options);
    expect(stderr).toBe('');
    const answers = stdout.split('===\n').slice(0, lines.length);
    return answers.map((answer) =>
      answer
        .split('\n')
        .flatMap((line) => line.split('\t')[0] ?? [])
        .filter(Boolean),
    );
  }

  it('offers commands, options, their values, files and folders, and behind -- those of the other command', () => {
    work(folder());
    putLock(join(folder(), 'work'), 'locked.csv');
    const lines: Readonly<Record<string, readonly string[]>> = {
      'vfs-lockfile sw': ['sweep'],
      'vfs-lockfile help doc': ['doctor'],
      'vfs-lockfile completion z': ['zsh'],
      'vfs-lockfile run --kill': ['--kill-after'],
      'vfs-lockfile sweep --dr': ['--dry-run'],
      'vfs-lockfile ls inbox --dr': [],
      'vfs-lockfile ls --sort ow': ['owner'],
      'vfs-lockfile status inv': ['inventory.csv'],
      'vfs-lockfile status locked': ['locked.csv'],
      'vfs-lockfile ls inv': [],
      'vfs-lockfile ls inbo': ['inbox/'],
      'vfs-lockfile run inventory.csv --ttl 1m -- whoam': ['whoami'],
      'vfs-lockfile run inventory.csv -- cat inven': ['inventory.csv'],
    };
    expect(Object.fromEntries(offered(Object.keys(lines)).map((found, i) => [Object.keys(lines)[i], found]))).toEqual(
      lines,
    );
  });

  it('offers the id of the lock, if it is harmless', () => {
    work(folder());
    for (const name of ['inbox/data.csv', 'in box/a']) putLock(join(folder(), 'work'), name);
    putLock(join(folder(), 'work'), 'inbox/hostile', 0, { ...ELSEWHERE, lockId: '$(touch pwned)' });
    const lines = ['unlock inbox/data.csv --expect ', 'renew "in box/a" --id id', 'unlock inbox/hostile --expect '];
    expect(offered(lines.map((line) => `vfs-lockfile ${line}`))).toEqual([['id-of-theirs'], ['id-of-theirs'], []]);
    expect(existsSync(join(folder(), 'work', 'pwned'))).toBe(false);
  });

  it('is a script without a syntax error that knows every option', () => {
    const script = execFileSync(process.execPath, [CLI, 'completion', 'fish'], { encoding: 'utf8' });
    writeFileSync(join(folder(), 'script'), script);
    expect(spawnSync('fish', ['-n', join(folder(), 'script')])).toMatchObject({ status: 0 });
    for (const name of COMMAND_NAMES)
      for (const option of Object.keys(COMMANDS[name satisfies CommandName].options))
        expect(script).toContain(`-l ${option} `);
  });
});
