import { chmodSync, constants, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';

import { COMMAND_NAMES, COMMANDS } from '../../../src/cli/usage/commands.js';
import { EXAMPLES } from '../../../src/cli/usage/examples.js';
import type { LockOptions } from '../../../src/index.js';
import {
  called,
  calledShared,
  CLI,
  cli,
  eventually,
  matching,
  own,
  start,
  useFolder,
  type Outcome,
  type Running,
} from '../../support/cli/harness.js';

const folder = useFolder();
const file = (): string => join(folder(), 'data.csv');

interface Surroundings {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly tty: boolean;
}

async function holding(options: LockOptions = {}): Promise<Running> {
  const [node, script] = own('hold.mjs');
  const holder = start(node, [script, file(), JSON.stringify(options)]);
  await eventually(() => expect(holder.stdout()).toBe('held\n'));
  return holder;
}

async function surroundingsOf(...args: readonly string[]): Promise<Surroundings> {
  const { stdout, stderr, code } = await called(args);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return JSON.parse(stdout) as Surroundings;
}

describe('vfs-lockfile', () => {
  it('shows its usage and its version', async () => {
    const help = await called(['--help']);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toMatch(/^Usage: vfs-lockfile run FILE \[OPTIONS\] -- COMMAND/);
    expect(await called(['-h'])).toEqual(help);
    expect(await called(['help'])).toEqual(help);
    expect(await called(['--version'])).toMatchObject({ code: 0, stdout: matching(/^\d+\.\d+\.\d+\n$/) });
    expect(await called(['-V'])).toEqual(await calledShared(['--version']));
  });

  it('has a manual page, in the package too, with every command, option and example', async () => {
    const { stdout } = await calledShared(['help', '--man']);
    expect(readFileSync(join(dirname(CLI), 'vfs-lockfile.1'), 'utf8')).toBe(stdout);
    const plain = stdout.replaceAll('\\-', '-').replaceAll('\\e', '\\').split('\n');
    for (const name of COMMAND_NAMES) {
      expect(plain).toContain(`.SS vfs-lockfile ${COMMANDS[name].usage}`);
      for (const option of Object.keys(COMMANDS[name].options)) {
        expect(plain.some((line) => line.startsWith('.B ') && line.includes(`--${option}`))).toBe(true);
      }
      for (const example of EXAMPLES[name]) expect(plain).toContain(example);
    }
  });

  it('shows its usage without loading a store', async () => {
    const resolutions = new URL('../../support/resolutions.mjs', import.meta.url).href;
    const log = join(folder(), 'resolutions');
    const loadedBy = async (...args: readonly string[]): Promise<string> => {
      writeFileSync(log, '');
      await called(args, { env: { NODE_OPTIONS: `--import ${resolutions}`, RESOLUTIONS: log } });
      return readFileSync(log, 'utf8');
    };
    expect(await loadedBy('status', file())).toMatch(/core/);
    expect(await loadedBy('--help')).not.toMatch(/core/);
    // What measures text is bundled.
    expect(await loadedBy('ls', folder())).not.toMatch(/string-width/);
  });

  it('does not fail when nobody reads its output', async () => {
    const { code, stderr } = await start('sh', ['-c', '"$0" "$1" --help | head -c 1', process.execPath, CLI]).outcome;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});

describe('the help on a command', () => {
  let overview: Outcome;
  beforeAll(async () => {
    overview = await calledShared(['help']);
  });

  it.each(COMMAND_NAMES)('%s shows its usage, every option and its exit codes, in 80 columns', async (name) => {
    const [help, short, asked] = await Promise.all([
      calledShared([name, '--help']),
      calledShared([name, '-h']),
      calledShared(['help', name]),
    ]);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toMatch(new RegExp(`^Usage: vfs-lockfile ${name} \\S`));
    for (const option of Object.keys(COMMANDS[name].options)) expect(help.stdout).toContain(`--${option}`);
    expect(help.stdout).toMatch(/^Exit codes:/m);
    expect(help.stdout).toMatch(/^Examples:/m);
    for (const text of [help.stdout, overview.stdout]) {
      expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    }
    expect(overview.stdout).toContain(`vfs-lockfile ${COMMANDS[name].usage}\n`);
    expect(short).toEqual(help);
    expect(asked).toEqual(help);
  });

  it('is what a usage error of the command points to', async () => {
    const answers = await Promise.all(COMMAND_NAMES.map((name) => calledShared([name, '--no-such-option'])));
    for (const [index, name] of COMMAND_NAMES.entries()) {
      expect(answers[index]?.stderr).toMatch(new RegExp(`; see vfs-lockfile ${name} --help\n$`));
    }
    expect((await calledShared(['help', 'me'])).stderr).toMatch(/not "me"; see vfs-lockfile --help\n$/);
  });
});

describe('the command', () => {
  it('gets its arguments untouched, whatever a shell would make of them', async () => {
    const args = [
      '$HOME',
      '`id`',
      '$(id)',
      '*',
      '?',
      '~',
      '',
      ' ',
      '"',
      "'",
      '\\',
      'a\nb',
      '\t',
      '; id',
      '&& id',
      '| cat',
    ];
    args.push('> x', '--', '--ttl', '-q', '#', '!', '%PATH%', 'ü', '漢字', '🔒', '{a,b}', '\u{1b}[31m');
    expect((await surroundingsOf('run', file(), '--', ...own('print-surroundings.mjs'), ...args)).args).toEqual(args);
    expect(readdirSync(folder())).toEqual([]);
  });

  it('gets any arguments untouched', async () => {
    const text = fc.string({ unit: 'binary', maxLength: 30 }).filter((sample) => !sample.includes('\0'));
    const seed = Math.trunc(Math.random() * 2 ** 31);
    console.log(`seed of the arguments: ${seed}`);
    const args = fc.sample(text, { numRuns: 500, seed });
    expect((await surroundingsOf('run', file(), '--', ...own('print-surroundings.mjs'), ...args)).args).toEqual(args);
  });

  it('finds in its environment what is locked, by which acquisition and for whom', async () => {
    const { env } = await surroundingsOf('run', file(), '--owner', 'me $HOME', '--', ...own('print-surroundings.mjs'));
    const ours = Object.fromEntries(Object.entries(env).filter(([name]) => /^VFS_LOCKFILE_(?!TEST)/.test(name)));
    expect(ours).toEqual({
      VFS_LOCKFILE_PATH: file(),
      VFS_LOCKFILE_ID: matching(/^[0-9a-f]{32}$/),
      VFS_LOCKFILE_OWNER: 'me $HOME',
    });
  });

  it('finds with --fencing a token that grows from run to run', async () => {
    const tokens = [];
    for (let round = 0; round < 2; round += 1) {
      const { env } = await surroundingsOf('run', file(), '--fencing', '--', ...own('print-surroundings.mjs'));
      tokens.push(env.VFS_LOCKFILE_TOKEN);
    }
    expect(tokens).toEqual(['1', '2']);
    expect((await called(['ls', dirname(file())])).stdout).toBe('');
  });

  it('finds nothing of an outer run in its environment but the owner', async () => {
    const outer = {
      VFS_LOCKFILE_OWNER: 'outer',
      VFS_LOCKFILE_RECLAIMED: 'expired',
      VFS_LOCKFILE_ID: '1',
      VFS_LOCKFILE_TOKEN: '7',
      OTHER: 'stays',
    };
    const { stdout } = await called(['run', file(), '--', ...own('print-surroundings.mjs')], { env: outer });
    const { env } = JSON.parse(stdout) as Surroundings;
    expect(env).toMatchObject({ VFS_LOCKFILE_OWNER: 'outer', OTHER: 'stays' });
    expect([env.VFS_LOCKFILE_RECLAIMED, env.VFS_LOCKFILE_TOKEN]).toEqual([undefined, undefined]);
    expect(env.VFS_LOCKFILE_ID).not.toBe('1');
  });

  it('learns that the lock was taken over from a process that died', async () => {
    const victim = await holding();
    victim.child.kill('SIGKILL');
    await victim.outcome;
    const { env } = await surroundingsOf('run', file(), '-q', '--', ...own('print-surroundings.mjs'));
    expect(env.VFS_LOCKFILE_RECLAIMED).toBe('dead-process');
  });

  it('keeps what NODE_OPTIONS says for itself', async () => {
    const { stdout } = await called(['run', file(), '--', ...own('print-surroundings.mjs')], {
      env: { NODE_OPTIONS: '--no-warnings' },
    });
    expect((JSON.parse(stdout) as Surroundings).env.NODE_OPTIONS).toBe('--no-warnings');
  });

  it('runs in the same folder and with the same input and output as its caller', async () => {
    const shell = 'echo some input | "$0" "$1" run data.csv -- sh -c "cat; pwd; echo to stderr >&2"';
    const outcome = await start('sh', ['-c', shell, process.execPath, CLI], { cwd: folder() }).outcome;
    expect(outcome).toMatchObject({ code: 0, stdout: `some input\n${folder()}\n`, stderr: 'to stderr\n' });
  });

  it('inherits what is open, as it was, and nothing else', async () => {
    const holder = await holding();
    const script = 'ls /proc/self/fd; cat /proc/self/fdinfo/1 /proc/self/fdinfo/2';
    const running = cli(['run', file(), '--wait', 'never', '--', 'sh', '-c', script]);
    await eventually(() => expect(running.stderr()).toMatch(/waiting/));
    holder.child.kill('SIGTERM');
    const open = (text: string): unknown => ({
      numbers: text.match(/^\d+$/gm),
      blocking: [...text.matchAll(/^flags:\s*([0-7]+)$/gm)].map(([, octal = '']) => {
        return (Number.parseInt(octal, 8) & constants.O_NONBLOCK) === 0;
      }),
    });
    const direct = open((await start('sh', ['-c', script]).outcome).stdout);
    expect(direct).toMatchObject({ blocking: [true, true] });
    expect(open((await running.outcome).stdout)).toEqual(direct);
  });

  it('dies of a broken pipe like any other', async () => {
    expect(await called(['run', file(), '--', 'sh', '-c', 'kill -PIPE $$'])).toMatchObject({ code: 141 });
  });

  it('holds the lock while it runs, and no longer', async () => {
    const script = 'cat "$VFS_LOCKFILE_PATH.lock"';
    const { stdout } = await called(['run', file(), '--owner', 'me', '--note', '{"job":7}', '--', 'sh', '-c', script]);
    expect(JSON.parse(stdout)).toMatchObject({ ownerId: 'me', note: { job: 7 }, ttl: 30e9 });
    expect(readdirSync(folder())).toEqual([]);
  });

  it('is shut out while the library holds the lock', async () => {
    await holding({ ownerId: 'the library' });
    const outcome = await called(['run', file(), '--', 'touch', join(folder(), 'mark')]);
    expect(outcome.stderr).toMatch(
      /^vfs-lockfile: the lock \S+data\.csv\.lock is held by the library \(process \d+ on /,
    );
    expect(outcome.code).toBe(75);
    expect(readdirSync(folder())).toContain('data.csv.lock');
    expect(readdirSync(folder())).not.toContain('mark');
  });
});

describe('the exit code', () => {
  const script = (name: string, mode: number, text: string): string => {
    const path = join(folder(), name);
    writeFileSync(path, text);
    chmodSync(path, mode);
    return path;
  };

  it.each([0, 1, 2, 42, 64, 75, 255])("is the command's own %i", async (code) => {
    const outcome = await called(['run', file(), '--', 'sh', '-c', `exit ${code}`]);
    expect(outcome).toEqual({ code, signal: null, stdout: '', stderr: '' });
  });

  it.each([
    ['TERM', 143],
    ['KILL', 137],
    ['SEGV', 139],
    ['USR1', 138],
  ])('is 128 + n when SIG%s ended the command', async (name, code) => {
    const outcome = await called(['run', file(), '--', 'sh', '-c', `kill -${name} $$`]);
    expect(outcome).toEqual({ code, signal: null, stdout: '', stderr: '' });
  });

  it('is 127 for a command that is not found', async () => {
    const outcome = await called(['run', file(), '--', 'no-such-command'], { env: { PATH: '/usr/bin:/bin' } });
    expect(outcome).toMatchObject({
      code: 127,
      stderr: matching(/^vfs-lockfile: .*no-such-command.*\n$/),
    });
    expect(readdirSync(folder())).toEqual([]);
  });

  it('is 127 for a script whose interpreter is missing', async () => {
    const outcome = await called(['run', file(), '--', script('run-me', 0o755, '#!/no/such/interpreter\n')]);
    expect(outcome).toMatchObject({ code: 127, stderr: matching(/interpreter is missing \(ENOENT\)\n$/) });
  });

  it('is 126 for a command that may not be executed, and for a folder', async () => {
    const forbidden = await called(['run', file(), '--', script('run-me', 0o644, '#!/bin/sh\n')]);
    expect(forbidden).toMatchObject({ code: 126, stderr: matching(/permission denied \(EACCES\)\n$/) });
    expect(await called(['run', file(), '--', folder()])).toMatchObject({ code: 126 });
  });

  it('is 75 when somebody else holds the lock, 79 when they still did at the end of the wait', async () => {
    await holding();
    expect(await called(['run', file(), '--', 'true'])).toMatchObject({ code: 75 });
    const waited = await called(['run', file(), '--wait', '50ms', '--', 'true']);
    expect(waited).toMatchObject({
      code: 79,
      stderr: matching(/gave up after 50 ms; next: vfs-lockfile status \S+data\.csv\n$/),
    });
    expect(waited.stderr.split('\n')).toHaveLength(3);
    const quiet = await called(['run', file(), '--wait', '50ms', '-q', '--', 'true']);
    expect(quiet.stderr.split('\n')).toHaveLength(2);
  });

  it('is documented for every case', async () => {
    const { stdout } = await called(['run', '--help']);
    for (const code of [64, 74, 75, 79, 80, 124, 126, 127]) expect(stdout).toMatch(new RegExp(`^ +${code}  \\S`, 'm'));
  });

  it('is 74 when the store fails', async () => {
    // Nobody can make files there, root included.
    const outcome = await called(['run', '/sys/vfs-lockfile-test', '--', 'true']);
    expect(outcome).toMatchObject({
      code: 74,
      stderr: matching(/^vfs-lockfile: cannot \w+ \/sys\/vfs-lockfile-test\.lock: .+\n$/),
    });
  });
});
