import { createHmac } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

import { isGroupAlive } from '../../util/process-group.js';
import { readProcessStat } from '../../util/process-stat.js';

/** What distinguishes a process from all others, past and present. Empty text: this system does not show it. */
export interface ProcessIdentity {
  readonly hostname: string;
  readonly pid: number;
  readonly bootId: string;
  /** A hash of the id that the system keeps over its starts: the id itself is confidential. */
  readonly machineId: string;
  /** When the process started, in the kernel's clock ticks since boot. */
  readonly processStart: string;
  /** The namespaces in which `pid` and `processStart` have their meaning. */
  readonly namespace: string;
}

/** The process that a lock stands for, and the number of a group of processes that works under the lock as well; 0: none, -1: to come. */
export interface HolderIdentity extends ProcessIdentity {
  readonly processGroup?: number;
}

let self: ProcessIdentity | undefined;
let surroundings: Pick<ProcessIdentity, 'bootId' | 'machineId' | 'namespace'> | undefined;

/**
 * The identity of this process, read once. Only Linux shows more than the host name and the pid. What cannot be read because no
 * descriptor is free is read again the next time. Otherwise it would be missing for good.
 */
export function thisProcess(): ProcessIdentity {
  if (self) return self;
  const identity = identify(process.pid);
  if (identity.processStart !== '' || surroundings?.namespace === '') self = identity;
  return identity;
}

/** The identity of the process that has `pid` here now; its `processStart` is empty when there is none. */
export function identify(pid: number): ProcessIdentity {
  const around = (surroundings ??= readSurroundings()) ?? UNKNOWN;
  const processStart = around.namespace === '' ? '' : (readProcessStat(String(pid))?.start ?? '');
  return { hostname: hostname(), pid, ...around, processStart };
}

/** For a lock that stands for no process: only its lease ends it. */
export function noProcess(): ProcessIdentity {
  return { hostname: hostname(), pid: 0, ...UNKNOWN, processStart: '' };
}

const UNKNOWN = { bootId: '', machineId: '', namespace: '' };

/**
 * Whether `other` ran on this host, in the pid namespace of this process, and has ended: its pid is unused, belongs to a process
 * that started at another time, or belongs to a zombie. Where it has left something on a disk that only this machine can use
 * (`onOwnDisk`), it has also ended if this machine was started again since. A group of processes counts for as long as any process
 * is in it: the kernel gives its number to no other process until then. False means only that there is no proof.
 */
export function isProvablyGone(other: HolderIdentity, onOwnDisk = false): boolean {
  if (onOwnDisk && isOfEarlierBoot(other)) return true;
  return isProcessGone(other) && !isGroupRunning(other);
}

/** Whether a holder's process or group still runs: undefined where this process cannot know. */
export function isRunning(other: HolderIdentity): boolean | undefined {
  if (isProvablyGone(other)) return false;
  return isNeighbour(other) && other.processStart !== '' ? true : undefined;
}

function isGroupRunning({ processGroup = 0 }: HolderIdentity): boolean {
  return processGroup < 0 || (processGroup > 0 && isGroupAlive(processGroup));
}

function isProcessGone(other: ProcessIdentity): boolean {
  const { pid, processStart } = other;
  if (!isNeighbour(other) || processStart === '' || !Number.isSafeInteger(pid) || pid <= 0) return false;
  if (!hasProcess(pid)) return true;
  const stat = readProcessStat(String(pid));
  if (stat === undefined) return false;
  return stat.start !== processStart || (stat.dead && !hasLiveThread(pid));
}

function isNeighbour(other: ProcessIdentity): boolean {
  return isSame(other, ['hostname', 'bootId', 'namespace']);
}

/** This is no proof on a store that several machines use: machines made from one image may share their id and their name. */
function isOfEarlierBoot(other: ProcessIdentity): boolean {
  const { bootId } = thisProcess();
  return isSame(other, ['hostname', 'machineId']) && bootId !== '' && other.bootId !== '' && other.bootId !== bootId;
}

function isSame(
  other: ProcessIdentity,
  names: readonly ('hostname' | 'bootId' | 'machineId' | 'namespace')[],
): boolean {
  const here = thisProcess();
  return names.every((name) => other[name] !== '' && other[name] === here[name]);
}

export function hasProcess(pid: number): boolean {
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

/** Undefined: they could not be read now, and may be another time. */
function readSurroundings(): typeof surroundings {
  try {
    const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    const namespace = readNamespace();
    return bootId && namespace ? { bootId, machineId: readMachineId(), namespace } : UNKNOWN;
  } catch (error) {
    return PASSING.has(String((error as NodeJS.ErrnoException).code)) ? undefined : UNKNOWN;
  }
}

/** The codes of failures that pass. */
const PASSING = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN', 'EIO']);

/** Many containers have none. */
function readMachineId(): string {
  const id = existsSync('/etc/machine-id') ? readFileSync('/etc/machine-id', 'latin1').trim() : '';
  return /^[0-9a-f]{32}$/.test(id) ? createHmac('sha256', id).update('vfs-lockfile').digest('hex').slice(0, 32) : '';
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
