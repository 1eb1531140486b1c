import { monotonicMs } from '../../util/time.js';
import { readFileSync, statfsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';

import { pooledCalls, inlineCalls, type Syscalls } from './syscalls.js';

/** statfs(2) types of file systems on this machine, which answer in microseconds: ext, xfs, btrfs, tmpfs, ramfs, f2fs, zfs, overlay, bcachefs, APFS. */
const LOCAL_TYPES = new Set([
  0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x858458f6, 0xf2f52010, 0x2fc12fc1, 0x794c7630, 0xca451a4e, 0x1a,
]);

/** NFS, and SMB by its three names: the server stamps the files of all its clients. */
const SERVED_TYPES = new Set([0x6969, 0x517b, 0xff534d42, 0xfe534d42]);

/** The type that Node reports for every disk of Windows: its own ones, and those of SMB servers. */
const WINDOWS_TYPE = 0;

const MOST_FOLDERS = 1000;

/** A change that blocks the event loop for longer is slow, unless the thread computed or had to wait for a processor, and not for the disk. */
const SLOW_MS = 2;

/** This many slow changes in a row send the next ones through the thread pool, for `SLOW_FOR_MS`. */
const SLOW_IN_A_ROW = 3;
const SLOW_FOR_MS = 1000;

interface Disk {
  readonly calls: Syscalls;
  /** The number of slow changes in a row. A single one may be code that runs for the first time. */
  slow: number;
  pooledUntilMs: number;
}

const disks = new Map<string, Disk>();

/**
 * The calls that suit the disk below a folder. A local disk answers a call in less time than the thread pool takes to pass
 * it on; a network file system may hang, and must not take the event loop with it.
 */
export async function syscallsFor(folder: string): Promise<Syscalls> {
  const type = await statfs(folder).then(
    (stats) => stats.type,
    () => undefined,
  );
  if (type === undefined) return pooledCalls;
  return remember(folder, type).calls;
}

/**
 * Whether a holder may change its records through a private folder: only where a call is done once, by this machine. A request to
 * a server may be repeated after its reply was lost, and would then take the next holder's lock away.
 */
export function allowsHolderFolder(folder: string): boolean {
  // Other kernels were not seen to refuse every call into a removed folder.
  if (process.platform !== 'linux') return false;
  const disk = disks.get(folder) ?? lookUp(folder);
  return disk?.calls === inlineCalls;
}

function lookUp(folder: string): Disk | undefined {
  try {
    return remember(folder, statfsSync(folder).type);
  } catch {
    // The folder does not exist, or cannot be reached; the operation itself will say so.
    return undefined;
  }
}

function remember(folder: string, type: number): Disk {
  if (disks.size >= MOST_FOLDERS) disks.clear();
  const disk: Disk = { calls: LOCAL_TYPES.has(type) ? inlineCalls : pooledCalls, slow: 0, pooledUntilMs: 0 };
  disks.set(folder, disk);
  return disk;
}

/** Whether the disk of a folder may hang, as far as is known. */
export function mayHang(folder: string): boolean {
  return disks.get(folder)?.calls !== inlineCalls;
}

/** Whether a folder is known to be on a disk that is served by another machine or by a process of this one. */
export function isRemote(folder: string): boolean {
  return disks.get(folder)?.calls === pooledCalls;
}

/** Whether a folder is known to be on a disk that no other machine can use while this one does. */
export function isOnOwnDisk(folder: string): boolean {
  return disks.get(folder)?.calls === inlineCalls;
}

/** What `syscallsFor` returns, without waiting. Undefined: the disk of this folder is not known yet. */
export function knownSyscallsFor(folder: string): Syscalls | undefined {
  const disk = disks.get(folder);
  return disk && disk.pooledUntilMs > monotonicMs() ? pooledCalls : disk?.calls;
}

/**
 * Whether a single machine stamps all files of a file system, so that two time stamps may be compared. On CephFS, Lustre, Gluster,
 * GFS2, OCFS2 and most that stand behind FUSE each client stamps what it writes, by a clock of its own.
 */
export function hasOneClock(type: number): boolean {
  // 32-bit systems report the type as a signed number.
  const unsigned = type >>> 0;
  if (unsigned === WINDOWS_TYPE) return process.platform === 'win32';
  return LOCAL_TYPES.has(unsigned) || SERVED_TYPES.has(unsigned);
}

/** Makes a change in a folder, and records whether the disk blocked the event loop meanwhile. */
export function watchBlocking<T>(folder: string, change: () => T): T {
  const disk = disks.get(folder);
  const startedMs = monotonicMs();
  // To read it takes system calls, and most disks are never slow.
  const busyMs = disk && disk.slow > 0 ? timeOffDisk() : undefined;
  const outcome = change();
  if (disk === undefined) return outcome;
  let ms = monotonicMs() - startedMs;
  if (ms > SLOW_MS && busyMs !== undefined) ms -= (timeOffDisk() ?? busyMs) - busyMs;
  disk.slow = ms > SLOW_MS ? disk.slow + 1 : 0;
  if (disk.slow >= SLOW_IN_A_ROW) disk.pooledUntilMs = monotonicMs() + SLOW_FOR_MS;
  return outcome;
}

/**
 * How long this thread ran and how long it waited for a processor, in milliseconds. Neither says anything about the disk: on a busy
 * machine the thread pool would be slower still, and code that runs for the first time takes milliseconds. Undefined: only Linux
 * shows it.
 */
function timeOffDisk(): number | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    const [ranNs, waitedNs] = readFileSync('/proc/thread-self/schedstat', 'latin1').split(' ');
    return (Number(ranNs) + Number(waitedNs)) / 1e6;
  } catch {
    return undefined;
  }
}
