import { constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import type { Lockfile } from '../lock/lockfile.js';
import { isObject } from '../lock/model/plain-json.js';
import { LockOptionError } from '../util/option-error.js';
import { printError } from './terminal/print-error.js';

const EVERY_MS = 1000;

/** How much of the end of the file is read, for its last line. */
const READ_BYTES = 4096;

/** In characters, which leaves room in a lock file whatever they are. */
const LONGEST_TEXT = 160;

/** A progress as it is typed or written: a JSON object, or some words. Undefined: there is nothing in it. */
export function progressOfText(text: string): Readonly<Record<string, unknown>> | undefined {
  const words = text.trim();
  if (words === '') return undefined;
  try {
    const value: unknown = JSON.parse(words);
    if (isObject(value)) return value;
  } catch {
    // These are words.
  }
  return { text: words.length > LONGEST_TEXT ? `${words.slice(0, LONGEST_TEXT)}…` : words };
}

/** A private file, of which COMMAND writes the last line, and whose last line goes into the lock file with each renewal. */
export class ProgressFile {
  readonly #path: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isReading = false;
  #last: string | undefined;
  #hasComplained = false;

  constructor() {
    this.#path = this.#make();
  }

  /** Where COMMAND writes. */
  get path(): string {
    return this.#path ?? '/dev/null';
  }

  /** Reports what COMMAND writes from now on. */
  follow(lock: Lockfile): void {
    if (this.#path !== undefined) this.#timer = setInterval(() => void this.#check(lock), EVERY_MS).unref();
  }

  close(): void {
    clearInterval(this.#timer);
    if (this.#path === undefined) return;
    try {
      rmSync(dirname(this.#path), { recursive: true, force: true });
    } catch {
      // It is small, and in a folder that the system clears.
    }
  }

  /** Progress is not worth a lock: without a file COMMAND writes into the void. */
  #make(): string | undefined {
    try {
      const path = join(mkdtempSync(join(tmpdir(), 'vfs-lockfile-progress-')), 'progress');
      writeFileSync(path, '');
      return path;
    } catch (error) {
      this.#complain(error);
      return undefined;
    }
  }

  async #check(lock: Lockfile): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    try {
      const line = await lastLineOf(this.path);
      if (line === this.#last || !lock.held) return;
      this.#last = line;
      const value = progressOfText(line);
      if (value) lock.progress(value);
    } catch (error) {
      this.#complain(error);
    } finally {
      this.#isReading = false;
    }
  }

  #complain(error: unknown): void {
    if (!this.#hasComplained) printError(`the progress is not shown: ${(error as Error).message}`);
    this.#hasComplained = true;
  }
}

/** COMMAND may have put anything in the place of the file. */
async function lastLineOf(path: string): Promise<string> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new LockOptionError(`${path} is not a file any more`);
    const from = Math.max(0, stats.size - READ_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(READ_BYTES), 0, READ_BYTES, from);
    const lines = buffer.toString('utf8', 0, bytesRead).split('\n');
    // A line that is still being written has no end yet; without any other one it counts.
    const ended = lines.slice(0, -1).filter((line) => line.trim() !== '');
    return ended.at(-1) ?? lines.at(-1) ?? '';
  } finally {
    await file.close();
  }
}
