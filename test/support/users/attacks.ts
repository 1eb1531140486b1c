import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { onTestFinished } from 'vitest';

import { become, BERT } from './other-users.js';

/** Removes every holder's folder, as a cleaner of temporary files does: the next change goes through the guard. */
export function cleanTemporaryFolders(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory() && /^\.vfs-lockfile-[0-9a-f]{32}$/.test(entry.name)) rmdirSync(join(folder, entry.name));
  }
}

/** What an attacker's process leaves in a folder to say that it is under way, and finds there when it is to end. */
const READY = 'attack-ready';
const OVER = 'attack-over';

export interface Attack {
  /** Resolves when the attacker has ended, with how often it succeeded in its own eyes. */
  readonly ended: Promise<number>;
  /** Ends the attack, and lets victims know that it is over. */
  end(): Promise<number>;
}

/** Starts a script of this folder as Bert, who is a member of the team, and waits until it is under way. */
export async function attack(script: string, folder: string, ...args: readonly string[]): Promise<Attack> {
  // By its standard input, because a checkout may stand where Bert cannot read.
  const node = [process.execPath, '--input-type=module', '-', folder, ...args];
  const child = spawn('setpriv', [...become(BERT), ...node], { stdio: ['pipe', 'pipe', 'inherit'] });
  // Also where the test fails before it ends the attack.
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  child.stdout.on('data', (data: Buffer) => (said += data.toString()));
  const ended = once(child, 'close').then(() => Number(said));
  child.stdin.end(readFileSync(join(import.meta.dirname, script)));
  while (!existsSync(join(folder, READY))) {
    if (child.exitCode !== null) throw new Error(`${script} ended at once: ${said}`);
    await sleep(5);
  }
  return {
    ended,
    end: () => {
      writeFileSync(join(folder, OVER), '');
      return ended;
    },
  };
}
