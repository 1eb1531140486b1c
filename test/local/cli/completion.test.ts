import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeEach, describe, expect, it } from 'vitest';

import { COMMAND_NAMES, COMMANDS, type CommandName } from '../../../src/cli/usage/commands.js';
import { called, CLI, eventually, useFolder } from '../../support/cli/harness.js';
import { ELSEWHERE, putLock } from '../../support/cli/locks.js';
import { commandOnScreen } from '../../support/cli/screen.js';
import { SilentListener } from '../../support/silent-listener.js';

const folder = useFolder();

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
async function completed(shell: keyof typeof SHELLS, typed: string): Promise<string> {
  const { args, setup } = SHELLS[shell];
  const script = join(folder(), 'completion');
  writeFileSync(script, scriptFor(shell));
  const node = `${process.execPath} ${CLI} "$@"`;
  const init = `vfs-lockfile() { if [ "$1" = complete-ids ]; then ${node}; else printf '<%s>' "$@"; echo; fi; }; ${setup(script)}; cd ${join(folder(), 'work')}; echo ready`;
  const screen = commandOnScreen(shell, args, {
    columns: 200,
    env: { PS1: '> ', HOME: folder(), TERM: 'dumb', INPUTRC: '/dev/null', HISTFILE: undefined },
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

function work(): void {
  mkdirSync(join(folder(), 'work', 'inbox'), { recursive: true });
  mkdirSync(join(folder(), 'work', 'in box', 'below'), { recursive: true });
  writeFileSync(join(folder(), 'work', 'inbox', 'data.csv'), '');
  writeFileSync(join(folder(), 'work', 'inventory.csv'), '');
}

describe.each(['bash', 'zsh'] as const)('completion in %s', (shell) => {
  const lacking = spawnSync(shell, ['--version']).error && `needs ${shell} (npm run test:install)`;
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
    work();
    // zsh takes the last character away again when it is of no use.
    expect((await completed(shell, typed)).replace(/[=/]$/, '')).toBe(expected);
  });

  it.each([
    ['unlock inbox/data.csv --expect ', 'unlock inbox/data.csv --expect id-of-theirs'],
    ['renew in\\ box/a --id id', 'renew in box/a --id id-of-theirs'],
    ['release --in inbox --named data.csv --id ', 'release --in inbox --named data.csv --id id-of-theirs'],
    ['unlock inventory.csv --expect ', 'unlock inventory.csv --expect'],
    ['unlock inbox/hostile --expect ', 'unlock inbox/hostile --expect'],
    ['unlock inbox/lines --expect ', 'unlock inbox/lines --expect'],
  ])('offers the id of the lock, if it is harmless: %j', async (typed, expected) => {
    work();
    for (const name of ['inbox/data.csv', 'in box/a', 'inbox/s-data%2ecsv']) putLock(join(folder(), 'work'), name);
    putLock(join(folder(), 'work'), 'inbox/hostile', 0, { ...ELSEWHERE, lockId: '$(touch pwned)' });
    putLock(join(folder(), 'work'), 'inbox/lines', 0, { ...ELSEWHERE, lockId: 'a\n;touch pwned' });
    expect((await completed(shell, typed)).trim()).toBe(expected);
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

describe('completion in fish', () => {
  const lacking = spawnSync('fish', ['--version']).error && 'needs fish (npm run test:install)';
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
    work();
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
    work();
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

describe('what the scripts ask for ids', () => {
  it('puts the words of bash together again', async () => {
    putLock(folder(), 'a b');
    const words = ['unlock', 'file', ':', `//${folder()}/a%20b`, '--expect', ''];
    expect(await called(['complete-ids', 'bash', ...words])).toMatchObject({ code: 0, stdout: 'id-of-theirs\n' });
    const quoted = ['unlock', '--lock-file', '=', `"${folder()}/a b.lock"`, `'${folder()}/other'`, '--expect', ''];
    expect(await called(['complete-ids', 'bash', ...quoted])).toMatchObject({ code: 0, stdout: 'id-of-theirs\n' });
    expect(await called(['complete-ids', 'bash', 'nonsense'])).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });

  it('does not wait for a store that is silent', async () => {
    const listener = await SilentListener.open();
    try {
      const env = {
        // The SDK warns of versions of Node that it will not support.
        NODE_NO_WARNINGS: '1',
        AWS_ENDPOINT_URL: `http://127.0.0.1:${listener.port}`,
        ...{ AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' },
      };
      const outcome = await called(['complete-ids', 'zsh', 'unlock', 's3://bucket/a', '--expect', ''], { env });
      expect(outcome).toMatchObject({ signal: 'SIGKILL', stdout: '', stderr: '' });
    } finally {
      listener.close();
    }
  });
});
