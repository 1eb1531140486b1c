import { readFileSync } from 'node:fs';

import { isGroupAlive, processIds } from '../../util/process-group.js';

/** Sends a signal to every process of a group. A group that is gone is not an error. */
export function signalGroup(pgid: number, signal: NodeJS.Signals): void {
  send(-pgid, signal);
}

/** Kills every process of the group and resolves when none is left. */
export async function killGroup(pgid: number): Promise<void> {
  await killAll(() => (isGroupAlive(pgid) ? [-pgid] : []));
}

/** Kills every process with `marker` in its environment, if the system shows environments. */
export async function killMarked(marker: string): Promise<void> {
  await killAll(() => processIds()?.filter((pid) => environmentOf(pid).includes(marker)) ?? []);
}

async function killAll(find: () => readonly number[]): Promise<void> {
  for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, 50)) {
    const found = find();
    if (found.length === 0) return;
    for (const pid of found) send(pid, 'SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

/** Returns false if there is no such process. */
function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

function environmentOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
  } catch {
    return [];
  }
}
