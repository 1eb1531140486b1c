import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

import { readProcessStat } from '../../util/process-stat.js';

/** What distinguishes a process from all others, past and present. Empty text: this system does not show it. */
export interface ProcessIdentity {
  readonly hostname: string;
  readonly pid: number;
  readonly bootId: string;
  /** When the process started, in the kernel's clock ticks since boot. */
  readonly processStart: string;
  /** The namespaces in which `pid` and `processStart` have their meaning. */
  readonly namespace: string;
}

let self: ProcessIdentity | undefined;
let surroundings: Pick<ProcessIdentity, 'bootId' | 'namespace'> | undefined;

/** The identity of this process, read once. Only Linux shows more than the host name and the pid. */
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
 * Whether `other` ran on this host, in the pid namespace of this process, and has ended: its pid is unused, belongs to a process
 * that started at another time, or belongs to a zombie. False means only that there is no proof.
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

/** A process whose first thread has ended looks like a zombie while its other threads go on. */
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
  // A /proc of another pid namespace shows other pids; there a process has one pid for each level below.
  const pids = /^NStgid:\t(.*)$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1];
  if (pids !== String(process.pid)) return '';
  const pidNamespace = readlinkSync('/proc/self/ns/pid');
  try {
    return `${pidNamespace} ${readlinkSync('/proc/self/ns/time')}`;
  } catch (error) {
    // A kernel without time namespaces shows the same start times to everybody.
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
