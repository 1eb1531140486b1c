import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export const FAKETIME = '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1';

/** A process that takes, holds or inspects a lock. */
export interface Party {
  /** The next message from it. */
  hear(): Promise<Readonly<Record<string, unknown>>>;
  say(line: string): void;
}

/** Clocks that are off by what a file says, which may change at any time, and processes that go by them. */
export class WrongClocks {
  readonly #home = mkdtempSync(join(tmpdir(), 'vfs-lockfile-clocks-'));
  readonly #children: ChildProcess[] = [];
  #serial = 0;

  /** A new clock. */
  off(seconds: number): string {
    const clock = join(this.#home, `clock-${String((this.#serial += 1))}`);
    this.set(clock, seconds);
    return clock;
  }

  set(clock: string, seconds: number): void {
    writeFileSync(clock, `${seconds < 0 ? '' : '+'}${String(seconds)}`);
  }

  party(
    clock: string,
    args: readonly [scheme: string, bucket: string, name: string, verb: string, ttlMs: string],
    keys: object,
  ): Party {
    const fake = { LD_PRELOAD: FAKETIME, FAKETIME_TIMESTAMP_FILE: clock, FAKETIME_NO_CACHE: '1' };
    const env = { ...process.env, ...keys, ...fake, FAKETIME_DONT_FAKE_MONOTONIC: '1', NODE_NO_WARNINGS: '1' };
    const script = join(import.meta.dirname, 'clock-child.mjs');
    const child = spawn(process.execPath, [script, ...args], { env, stdio: ['pipe', 'pipe', 'inherit'] });
    this.#children.push(child);
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    const hear = async () => {
      const line = await lines.next();
      if (line.done) throw new Error('the party ended without a word');
      return JSON.parse(line.value) as Readonly<Record<string, unknown>>;
    };
    return { hear, say: (line) => child.stdin.write(`${line}\n`) };
  }

  /** Ends the processes. */
  dispose(): void {
    for (const child of this.#children) child.kill('SIGKILL');
    rmSync(this.#home, { recursive: true });
  }
}
