import { readdirSync, readFileSync } from 'node:fs';

import { readProcessStat } from '../../util/process-stat.js';

/** Sends a signal to every process of a group, if any is left that may be signalled. */
export function signalGroup(pgid: number, signal: NodeJS.Signals): void {
  send(-pgid, signal);
}

/** Whether any process of the group can still do anything. */
export function isGroupAlive(pgid: number): boolean {
  if (!send(-pgid, 0)) return false;
  // Where nobody collects orphaned zombies, as in many containers, they stay members for ever.
  return processIds()?.some((pid) => isWorkingIn(pgid, pid)) ?? true;
}

/** Ends every process of the group, and resolves when none is left. */
export async function killGroup(pgid: number): Promise<void> {
  await killAll(() => (isGroupAlive(pgid) ? [-pgid] : []));
}

/** Ends every process that has `marker` in its environment, where the system shows that to us. */
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

/** False: nobody is there. */
function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

function processIds(): readonly number[] | undefined {
  if (process.platform !== 'linux') return undefined;
  return readdirSync('/proc').map(Number).filter(Number.isInteger);
}

function isWorkingIn(pgid: number, pid: number): boolean {
  const stat = readProcessStat(String(pid));
  return stat?.pgid === pgid && (!stat.dead || hasMoreThreads(pid));
}

/** A process whose first thread has ended looks like a zombie too, while its other threads work on. */
function hasMoreThreads(pid: number): boolean {
  try {
    return readdirSync(`/proc/${pid}/task`).length > 1;
  } catch {
    return false;
  }
}

function environmentOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
  } catch {
    return [];
  }
}
