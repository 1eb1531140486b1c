import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const UP_LIMIT_MS = 240_000;

/** The ports that this process was given: a server that has several opens them one after the other. */
const given = new Set<number>();

/** A free port of the loopback interface, below those that outgoing connections take, above those that Ceph takes by itself. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 12_000 + Math.floor(Math.random() * 20_000);
    if (given.has(port)) continue;
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!free) continue;
    server.close();
    await once(server, 'close');
    given.add(port);
    return port;
  }
}

export interface Running {
  readonly pid: number;
  /** What it has said so far. */
  readonly said: () => string;
  /** Ends it and whatever it has started. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** Starts a daemon in the foreground, in a process group of its own, and waits until it is up: until its port greets. */
export async function startDaemon(
  command: readonly [string, ...string[]],
  up: number | (() => boolean | Promise<boolean>),
): Promise<Running> {
  const isUp = typeof up === 'number' ? () => greets(up) : up;
  const [file, ...args] = command;
  const child = spawn(file, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data: Buffer) => (said = (said + data.toString()).slice(-20_000)));
  }
  const running = { pid: child.pid ?? 0, said: () => said, stop: (signal?: NodeJS.Signals) => stop(child, signal) };
  const until = performance.now() + UP_LIMIT_MS;
  while (!(await isUp())) {
    if (child.exitCode !== null || performance.now() > until) {
      await running.stop();
      throw new Error(`${command.join(' ')} does not come up:\n${said}`);
    }
    await sleep(20);
  }
  return running;
}

/** Ends a process and all that came of it: those that serve a connection have groups of their own. */
async function stop(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  const family = [child.pid, ...descendants(child.pid)];
  for (const pid of family) kill(pid, signal);
  const slow = setTimeout(() => kill(family[0] ?? 0, 'SIGKILL'), 2000);
  await ended;
  clearTimeout(slow);
  for (const pid of family.slice(1)) kill(pid, 'SIGKILL');
}

/** Sends a signal to a process and all that came of it. */
export function signalAll(pid: number, signal: NodeJS.Signals): void {
  for (const each of [pid, ...descendants(pid)]) kill(each, signal);
}

function descendants(pid: number): readonly number[] {
  const { stdout } = spawnSync('ps', ['-e', '-o', 'pid=,ppid='], { encoding: 'utf8' });
  const pairs = stdout.split('\n').map((line) => line.trim().split(/\s+/).map(Number));
  const children = (parent: number): readonly number[] =>
    pairs.flatMap(([child = 0, of]) => (of === parent && child > 0 ? [child, ...children(child)] : []));
  return children(pid);
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    return;
  }
}

function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('data', () => finish(true));
    socket.once('error', () => finish(false));
    socket.setTimeout(1000, () => finish(false));
    const finish = (up: boolean): void => {
      socket.destroy();
      resolve(up);
    };
  });
}

/** Runs a command to its end; throws with what it said when it fails. */
export function must(file: string, ...args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(file, args, { encoding: 'utf8' });
  if (status === 0) return stdout;
  throw new Error(`${file} ${args.join(' ')} failed: ${String(error ?? '')}\n${stdout}${stderr}`);
}
