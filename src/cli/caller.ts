import { readFileSync } from 'node:fs';

import { readProcessStat } from '../util/process-stat.js';

/** More than any chain of subshells has. */
const MOST_STEPS = 32;

/**
 * The process that called this command, as `$$` names it: the parent, or where that is only a part of the shell which ends with the
 * line (`$(...)`, a pipe), the shell itself. Under `npx` it is the caller of `npx`. Only Linux shows more than the parent.
 */
export function callingProcess(): number {
  let pid = callerOfNpx() ?? process.ppid;
  for (let steps = 0; steps < MOST_STEPS && isSubshell(pid); steps += 1) pid = parentOf(pid) ?? pid;
  return pid;
}

/** A copy of its parent that the shell made for some commands has the same command line, and leads no group of processes. */
function isSubshell(pid: number): boolean {
  const stat = readProcessStat(String(pid));
  if (stat === undefined || stat.ppid <= 1 || stat.pgid === pid) return false;
  const words = wordsOf(pid);
  return words !== '' && words === wordsOf(stat.ppid);
}

/** `npx` runs `sh -c 'vfs-lockfile ...'`, or on some systems the command itself. */
function callerOfNpx(): number | undefined {
  const parent = process.ppid;
  if (isNpm(parent)) return parentOf(parent);
  const above = parentOf(parent);
  const isItsShell = above !== undefined && isNpm(above) && wordsOf(parent).includes('vfs-lockfile');
  return isItsShell ? parentOf(above) : undefined;
}

function isNpm(pid: number): boolean {
  return /^(npm exec|npx)\b|\/np[mx](-cli\.js)?\0/.test(wordsOf(pid));
}

function parentOf(pid: number): number | undefined {
  return readProcessStat(String(pid))?.ppid;
}

function wordsOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
