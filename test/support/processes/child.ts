import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const running = new Set<Child>();

/** A process that a test started from one of the scripts beside this file. */
export class Child {
  readonly process: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #ended: Promise<unknown>;
  errors = '';

  constructor(script: string, ...args: readonly (string | number)[]) {
    const command = [join(import.meta.dirname, `${script}.mjs`), ...args.map(String)];
    this.process = spawn(process.execPath, command, { stdio: 'pipe' });
    this.#ended = once(this.process, 'close');
    this.#lines = createInterface(this.process.stdout!)[Symbol.asyncIterator]();
    this.process.stderr!.on('data', (text) => (this.errors += String(text)));
    running.add(this);
  }

  get pid(): number {
    return this.process.pid!;
  }

  /** The next line that it writes; undefined after the last one. */
  async line(): Promise<string | undefined> {
    const next = await this.#lines.next();
    return next.done ? undefined : next.value;
  }

  kill(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }

  /** How it ended: its exit code, or the signal that killed it. */
  async end(): Promise<number | NodeJS.Signals | null> {
    await this.#ended;
    running.delete(this);
    return this.process.exitCode ?? this.process.signalCode;
  }
}

/** Ends whatever a failed test left running. */
export async function endAll(): Promise<void> {
  for (const child of running) {
    child.kill('SIGKILL');
    await child.end();
  }
}
