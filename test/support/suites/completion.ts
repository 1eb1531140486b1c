import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeEach, describe, expect, it } from 'vitest';

import { COMMAND_NAMES, COMMANDS, type CommandName } from '../../../src/cli/usage/commands.js';
import { CLI, eventually, useFolder } from '../cli/harness.js';
import { ELSEWHERE, putLock } from '../cli/locks.js';
import { commandOnScreen } from '../cli/screen.js';

const SHELLS = {
  bash: {
    args: ['--norc', '--noprofile', '-i'],
    setup: (script: string) => `bind 'set enable-bracketed-paste off'; source ${script}`,
  },
  zsh: {
    args: ['-f', '-i'],
    setup: (script: string) =>
      `unsetopt prompt_sp; unset zle_bracketed_paste; autoload -Uz compinit; compinit -u -D; source ${script}`,
  },
} as const;

const scripts = new Map<string, Buffer>();

/** What `vfs-lockfile completion` prints for a shell, which is the same each time. */
function scriptFor(shell: keyof typeof SHELLS): Buffer {
  const script = scripts.get(shell) ?? execFileSync(process.execPath, [CLI, 'completion', shell]);
  scripts.set(shell, script);
  return script;
}

/** What an interactive shell makes of the typed line after a tab: the line as the shell hands it over when it is run. */
async function completed(folder: string, shell: keyof typeof SHELLS, typed: string): Promise<string> {
  const { args, setup } = SHELLS[shell];
  const script = join(folder, 'completion');
  writeFileSync(script, scriptFor(shell));
  const node = `${process.execPath} ${CLI} "$@"`;
  const init = `vfs-lockfile() { if [ "$1" = complete-ids ]; then ${node}; else printf '<%s>' "$@"; echo; fi; }; ${setup(script)}; cd ${join(folder, 'work')}; echo ready`;
  const screen = commandOnScreen(shell, args, {
    columns: 200,
    env: { PS1: '> ', HOME: folder, TERM: 'dumb', INPUTRC: '/dev/null', HISTFILE: undefined },
  });
  screen.terminal.write(` ${init}\r`);
  await eventually(() => expect(screen.sent()).toMatch(/ready\r*\n[^]*> $/));
  screen.terminal.write(`vfs-lockfile ${typed}\t`);
  // Nothing signals the end of a completion; the shell reads further input only after it.
  screen.terminal.write('\r');
  await eventually(() => expect(screen.sent()).toMatch(/<[^\n]*>\r*\n/));
  const line = /(<[^\n]*>)\r*\n/.exec(screen.sent())?.[1] ?? '';
  screen.terminal.write('\r exit 0\r');
  await screen.exitCode;
  return line.slice(1, -1).split('><').join(' ');
}

/** Files and folders to complete the names of, in `work` of the folder. */
export function work(folder: string): void {
  mkdirSync(join(folder, 'work', 'inbox'), { recursive: true });
  mkdirSync(join(folder, 'work', 'in box', 'below'), { recursive: true });
  writeFileSync(join(folder, 'work', 'inbox', 'data.csv'), '');
  writeFileSync(join(folder, 'work', 'inventory.csv'), '');
}

/** What a person gets who types in an interactive shell. */
export function completionSuite(shell: keyof typeof SHELLS, lacking: string | undefined): void {
  describe(`completion in ${shell}`, () => {
    const folder = useFolder();
    beforeEach((context) => context.skip(lacking !== undefined, lacking));

    it.each([
      ['sw', 'sweep'],
      ['--ver', '--version'],
      ['help doc', 'help doctor'],
      ['completion z', 'completion zsh'],
      ['run --kill', 'run --kill-after'],
      ['sweep --dr', 'sweep --dry-run'],
      ['ls --wat', 'ls --watch'],
      ['unlock inbox/data.csv --exp', 'unlock inbox/data.csv --expect'],
      ['status inv', 'status inventory.csv'],
      ['status inbox/d', 'status inbox/data.csv'],
      ['ls inv', 'ls inv'],
      ['ls inbo', 'ls inbox'],
      ['doctor in\\ box/b', 'doctor in box/below'],
      ['run inventory.csv -- whoam', 'run inventory.csv -- whoami'],
      ['ls inbox --dr', 'ls inbox --dr'],
    ])('makes %j into %j', async (typed, expected) => {
      work(folder());
      // zsh takes the last character away again when it is of no use.
      expect((await completed(folder(), shell, typed)).replace(/[=/]$/, '')).toBe(expected);
    });

    it.each([
      ['unlock inbox/data.csv --expect ', 'unlock inbox/data.csv --expect id-of-theirs'],
      ['renew in\\ box/a --id id', 'renew in box/a --id id-of-theirs'],
      ['release --in inbox --named data.csv --id ', 'release --in inbox --named data.csv --id id-of-theirs'],
      ['unlock inventory.csv --expect ', 'unlock inventory.csv --expect'],
      ['unlock inbox/hostile --expect ', 'unlock inbox/hostile --expect'],
      ['unlock inbox/lines --expect ', 'unlock inbox/lines --expect'],
    ])('offers the id of the lock, if it is harmless: %j', async (typed, expected) => {
      work(folder());
      for (const name of ['inbox/data.csv', 'in box/a', 'inbox/s-data%2ecsv']) putLock(join(folder(), 'work'), name);
      putLock(join(folder(), 'work'), 'inbox/hostile', 0, { ...ELSEWHERE, lockId: '$(touch pwned)' });
      putLock(join(folder(), 'work'), 'inbox/lines', 0, { ...ELSEWHERE, lockId: 'a\n;touch pwned' });
      expect((await completed(folder(), shell, typed)).trim()).toBe(expected);
      expect(existsSync(join(folder(), 'work', 'pwned'))).toBe(false);
    });

    it('is a script without a syntax error that knows every command and option', () => {
      const script = execFileSync(process.execPath, [CLI, 'completion', shell], { encoding: 'utf8' });
      expect(spawnSync(shell, ['-n'], { input: script })).toMatchObject({ status: 0 });
      for (const name of COMMAND_NAMES) {
        expect(script).toContain(name);
        for (const option of Object.keys(COMMANDS[name satisfies CommandName].options))
          expect(script).toContain(`--${option}`);
      }
    });
  });
}
