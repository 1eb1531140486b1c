import { readFileSync } from 'node:fs';

/** What Linux says about a process, or about one of its threads. */
export interface ProcessStat {
  /** Whether it has ended and only waits to be collected. So does the first thread of a process whose other threads go on. */
  readonly dead: boolean;
  readonly ppid: number;
  readonly pgid: number;
  /** When it started, in the kernel's clock ticks since boot. */
  readonly start: string;
}

/** Reads `/proc/<task>/stat`, where a task is `PID` or `PID/task/TID`. Undefined: there is no such task, or no `/proc`. */
export function readProcessStat(task: string): ProcessStat | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${task}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  // The second field is the command in parentheses, and may itself hold spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, ppid, pgid, start] = [fields[0], fields[1], fields[2], fields[19]];
  return state && start ? { dead: /^[ZXx]$/.test(state), ppid: Number(ppid), pgid: Number(pgid), start } : undefined;
}
