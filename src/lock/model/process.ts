import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

import { readProcessStat } from '../../util/process-stat.js';

/** What tells one process from all others, past and present. Empty text: this system does not tell. */
export interface ProcessIdentity {
  readonly hostname: string;
  readonly pid: number;
  readonly bootId: string;
  /** When the process started, in the kernel's clock ticks since boot. */
  readonly processStart: string;
  /** In which namespaces `pid` and `processStart` are meant. */
  readonly namespace: string;
}

let self: ProcessIdentity | undefined;
let surroundings: Pick<ProcessIdentity, 'bootId' | 'namespace'> | undefined;

/** The identity of this process, read once. Only Linux tells more than the host name and the pid. */
export function thisProcess(): ProcessIdentity {
  return (self ??= identify(process.pid));
}

/** The identity of the process that has `pid` here now; its `processStart` is empty when there is none. */
export function identify(pid: number): ProcessIdentity {
  surroundings ??= readSurroundings();
  const processStart = surroundings.namespace === '' ? '' : (readProcessStat(String(pid))?.start ?? '');
  return { hostname: hostname(), pid, ...surroundings, processStart };
}

/**
 * Whether `other` lived on this very host, in the pid namespace of this process, and has ended: its pid is unused, used by
 * a process that started at another time, or that of a zombie. False means only that it cannot be proved.
 */
export function isProvablyGone(other: ProcessIdentity): boolean {
  const { pid, processStart } = other;
  if (!isNeighbour(other) || processStart === '' || !Number.isSafeInteger(pid) || pid <= 0) return false;
  if (!hasProcess(pid)) return true;
  const stat = readProcessStat(String(pid));
  if (stat === undefined) return false;
  return stat.start !== processStart || (stat.dead && !hasLiveThread(pid));
}

function isNeighbour(other: ProcessIdentity): boolean {
  const here = thisProcess();
  return (['hostname', 'bootId', 'namespace'] as const).every(
    (name) => other[name] !== '' && other[name] === here[name],
  );
}

function hasProcess(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** A process whose first thread has ended is a zombie too, while its other threads work on. */
function hasLiveThread(pid: number): boolean {
  try {
    return readdirSync(`/proc/${pid}/task`).some((thread) => !readProcessStat(`${pid}/task/${thread}`)?.dead);
  } catch {
    return true;
  }
}

function readSurroundings(): Pick<ProcessIdentity, 'bootId' | 'namespace'> {
  const bootId = attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim());
  const namespace = attempt(readNamespace);
  return bootId && namespace ? { bootId, namespace } : { bootId: '', namespace: '' };
}

function readNamespace(): string {
  // In the /proc of another pid namespace pids mean other processes; there a process has a pid for each level below.
  const pids = /^NStgid:\t(.*)$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1];
  if (pids !== String(process.pid)) return '';
  const pidNamespace = readlinkSync('/proc/self/ns/pid');
  try {
    return `${pidNamespace} ${readlinkSync('/proc/self/ns/time')}`;
  } catch (error) {
    // A kernel without time namespaces shows the same start times to all.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return pidNamespace;
    throw error;
  }
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
