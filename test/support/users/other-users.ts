import { execFile } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

export interface User {
  readonly uid: number;
  readonly gid: number;
}

/** A group that both belong to, besides a first group of their own. */
export const TEAM = 54_000;
export const ANNE: User = { uid: 54_001, gid: 54_001 };
export const BERT: User = { uid: 54_002, gid: 54_002 };

/**
 * Arguments of setpriv(1) for what runs as a user of the team. Groups are given by it because a child process of Node keeps those of its
 * parent. What runs ends with the process of the test, also where that is killed: some of them would work for ever.
 */
export function become({ uid, gid }: User): readonly string[] {
  return [`--reuid=${uid}`, `--regid=${gid}`, `--groups=${TEAM}`, '--inh-caps=-all', '--pdeathsig=KILL'];
}

export interface Answer {
  readonly done?: unknown;
  readonly code?: string;
  readonly message?: string;
  /** What ended the process before it could answer. */
  readonly signal?: string;
}

export type Task = 'abandon' | 'cycle' | 'look';

export interface Circumstances {
  readonly umask?: '022' | '077' | '0777';
  /** Die by SIGKILL right after this number of renames into or out of a guard. */
  readonly killAfter?: number;
}

const ROOT = join(import.meta.dirname, '..', '..', '..');

/** A copy of the built package that every user can read, wherever the checkout stands. */
export class Installed {
  readonly #folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-users-'));

  constructor() {
    chmodSync(this.#folder, 0o755);
    const home = join(this.#folder, 'node_modules', 'vfs-lockfile');
    mkdirSync(home, { recursive: true });
    for (const part of ['dist', 'package.json']) cpSync(join(ROOT, part), join(home, part), { recursive: true });
    for (const name of ['as-user.mjs', 'kill-in-guard.mjs']) {
      cpSync(join(import.meta.dirname, name), join(this.#folder, name));
    }
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Runs a script that stands beside the tests as a user. Resolves with what it prints as JSON. */
  async script(user: User, file: string, ...args: readonly string[]): Promise<unknown> {
    cpSync(file, join(this.#folder, basename(file)));
    const node = [process.execPath, join(this.#folder, basename(file)), ...args];
    return JSON.parse((await promisify(execFile)('setpriv', [...become(user), ...node])).stdout);
  }

  /** Has a user do something in a folder, in a process of its own. */
  async as(user: User, folder: string, task: Task, { umask = '022', killAfter }: Circumstances = {}): Promise<Answer> {
    const preload = killAfter === undefined ? [] : ['--import', join(this.#folder, 'kill-in-guard.mjs')];
    const node = [process.execPath, ...preload, join(this.#folder, 'as-user.mjs'), folder, task, umask];
    const env = { ...process.env, KILL_AFTER: String(killAfter) };
    try {
      const { stdout } = await promisify(execFile)('setpriv', [...become(user), ...node], { env });
      return JSON.parse(stdout) as Answer;
    } catch (error) {
      const { signal } = error as { readonly signal?: string | null };
      if (typeof signal === 'string') return { signal };
      throw error;
    }
  }
}
