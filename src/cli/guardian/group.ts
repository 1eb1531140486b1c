import { readdirSync, readFileSync } from 'node:fs';

import { readProcessStat } from '../../util/process-stat.js';

/** Sends a signal to every process of a group. A group that is gone is not an error. */
export function signalGroup(pgid: number, signal: NodeJS.Signals): void {
  send(-pgid, signal);
}

/** Whether any process of the group still runs. Zombies do not count. */
export function isGroupAlive(pgid: number): boolean {
  if (!send(-pgid, 0)) return false;
  // In containers without an init process, orphaned zombies stay in their group for ever.
  return processIds()?.some((pid) => isRunningIn(pgid, pid)) ?? true;
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
function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** Undefined on systems without `/proc`. */
function processIds(): readonly number[] | undefined {
  if (process.platform !== 'linux') return undefined;
  return readdirSync('/proc').map(Number).filter(Number.isInteger);
}

function isRunningIn(pgid: number, pid: number): boolean {
  const stat = readProcessStat(String(pid));
  return stat?.pgid === pgid && (!stat.dead || hasMoreThreads(pid));
}

/** A process whose first thread has ended also looks like a zombie, although its other threads still run. */
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
