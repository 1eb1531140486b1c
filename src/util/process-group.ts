import { readdirSync } from 'node:fs';

import { readProcessStat } from './process-stat.js';

/** Whether any process of the group still runs. Zombies do not count. */
export function isGroupAlive(pgid: number): boolean {
  if (!mayExist(pgid)) return false;
  // In containers without an init process, orphaned zombies stay in their group for ever.
  return processIds()?.some((pid) => isRunningIn(pgid, pid)) ?? true;
}

/** The processes that this one can see. Undefined on systems without `/proc`. */
export function processIds(): readonly number[] | undefined {
  if (process.platform !== 'linux') return undefined;
  return readdirSync('/proc').map(Number).filter(Number.isInteger);
}

function mayExist(pgid: number): boolean {
  try {
    return process.kill(-pgid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
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
