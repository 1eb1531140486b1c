import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, expect, vi } from 'vitest';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export const CLI = here('../../../dist/cli/main.js');

/** Every process that descends from a test carries this in its environment. */
const MARKER = `VFS_LOCKFILE_TEST=${randomUUID()}`;

export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly outcome: Promise<Outcome>;
}

export interface Surroundings {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly uid?: number;
}

/** What processes of the tests are started with. */
export function environment(extra: Surroundings['env'] = {}): Record<string, string | undefined> {
  const [name = '', value = ''] = MARKER.split('=');
  return { ...process.env, NO_COLOR: undefined, ...extra, [name]: value };
}

export function start(command: string, args: readonly string[], { env, ...options }: Surroundings = {}): Running {
  const child = spawn(command, args, { ...options, env: environment(env), stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const outcome = new Promise<Outcome>((resolve, reject) => {
    child.on('error', reject).on('close', (code, signal) => {
      resolve({ code, signal, stdout, stderr });
    });
  });
  return { child, pid: child.pid!, stdout: () => stdout, stderr: () => stderr, outcome };
}

/** Starts the command line. */
export function cli(args: readonly string[], surroundings?: Surroundings): Running {
  const [node, main] = surroundings?.uid === undefined ? [process.execPath, CLI] : cliForAll();
  return start(node, [main, ...args], surroundings);
}

let copy: string | undefined;

/** Copies of Node and of the command line that every user can run, wherever Node and the checkout stand. */
function cliForAll(): readonly [string, string] {
  if (copy === undefined) {
    const home = (copy = mkdtempSync(join(tmpdir(), 'vfs-lockfile-cli-for-all-')));
    process.on('exit', () => {
      rmSync(home, { recursive: true, force: true });
    });
    chmodSync(home, 0o755);
    for (const part of ['dist', 'package.json'])
      cpSync(here(`../../../${part}`), join(home, part), { recursive: true });
    cpSync(process.execPath, join(home, 'node'));
  }
  return [join(copy, 'node'), join(copy, 'dist', 'cli', 'main.js')];
}

/** Starts the command line and waits for its end. */
export function called(args: readonly string[], surroundings?: Surroundings): Promise<Outcome> {
  return cli(args, surroundings).outcome;
}

let sharedProcess: ChildProcess | undefined;
let lastCall: Promise<unknown> = Promise.resolve();

/**
 * Calls the command line as `called` does, in one process for all calls of a test run's worker: a start of Node costs ten times
 * what a short command does. Not for `run`, nor for what is about processes, signals, users or terminals. A call whose process would
 * not end is never over. Each command is called as a process of its own too, in some test of its own.
 */
export function calledShared(args: readonly string[], { env, cwd }: Omit<Surroundings, 'uid'> = {}): Promise<Outcome> {
  const call = lastCall.then(async () => {
    sharedProcess ??= startShared();
    const answer = once(sharedProcess, 'message') as Promise<[Omit<Outcome, 'signal'>]>;
    sharedProcess.send({ args, env: environment(env), cwd: cwd ?? process.cwd() });
    const [{ code, stdout, stderr }] = await answer;
    return { code, signal: null, stdout, stderr };
  });
  lastCall = call.catch(() => undefined);
  return call;
}

/** It ends with this process, and does not keep it alive. */
function startShared(): ChildProcess {
  const child = spawn(process.execPath, [here('shared-process.mjs'), CLI], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  // A call that waits for an answer fails then.
  child.on('exit', () => child.emit('error', new Error('a command of the command line ended the shared process')));
  child.on('error', () => (sharedProcess = undefined));
  child.unref();
  child.channel?.unref();
  return child;
}

/** A command of the tests' own: see there. */
export function own(name: 'beat.mjs' | 'eager.mjs' | 'hold.mjs' | 'print-surroundings.mjs'): readonly [string, string] {
  return [process.execPath, here(name)];
}

/** For a text inside of what is compared. */
export const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);

export const eventually = <T>(check: () => T): Promise<T> => vi.waitFor(check, { timeout: 240_000, interval: 10 });

export interface ProcessState {
  readonly state: string;
  readonly parent: number;
  readonly group: number;
}

/** Undefined: there is no such process. */
export function processState(pid: number): ProcessState | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state = '', parent, group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state, parent: Number(parent), group: Number(group) };
  } catch {
    return undefined;
  }
}

export function isAlive(pid: number): boolean {
  return !['Z', 'X', undefined].includes(processState(pid)?.state);
}

/** The processes that descend from this test file, but for itself. */
export function descendants(): readonly number[] {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
  return pids.filter((pid) => {
    try {
      return isAlive(pid) && readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(MARKER);
    } catch {
      return false;
    }
  });
}

/** Gives each test a folder of its own, and leaves neither that nor any process behind. */
export function useFolder(): () => string {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-cli-'));
  });
  afterEach(async () => {
    await eventually(() => {
      const left = descendants();
      for (const pid of left) process.kill(pid, 'SIGKILL');
      if (left.length > 0) throw new Error(`${left.join(', ')} will not end`);
    });
    rmSync(folder, { recursive: true, force: true });
  });
  return () => folder;
}
