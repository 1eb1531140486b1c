import { statfs } from 'node:fs/promises';

import { pooledCalls, inlineCalls, type Syscalls } from './syscalls.js';

/** statfs(2) types of file systems that answer from this machine's memory: ext, xfs, btrfs, tmpfs, ramfs, f2fs, zfs, overlay, bcachefs, APFS. */
const PROMPT_TYPES = new Set([
  0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x858458f6, 0xf2f52010, 0x2fc12fc1, 0x794c7630, 0xca451a4e, 0x1a,
]);

const MOST_FOLDERS = 1000;

/** Changes that hold up the event loop for longer than this, so many in a row, send the next ones through the thread pool for a while. */
const SLOW_MS = 2;
const SLOW_IN_A_ROW = 3;
const SLOW_FOR_MS = 1000;

interface Disk {
  readonly calls: Syscalls;
  /** How many changes in a row were slow. One alone is a busy machine, or code that runs for the first time. */
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
  const calls = PROMPT_TYPES.has(type) ? inlineCalls : pooledCalls;
  if (disks.size >= MOST_FOLDERS) disks.clear();
  disks.set(folder, { calls, slow: 0, pooledUntilMs: 0 });
  return calls;
}

/** The same where it is known already, without waiting. */
export function knownSyscallsFor(folder: string): Syscalls | undefined {
  const disk = disks.get(folder);
  return disk && disk.pooledUntilMs > performance.now() ? pooledCalls : disk?.calls;
}

/** Takes note of how long a folder's disk has held up the event loop. */
export function noteBlocking(folder: string, ms: number): void {
  const disk = disks.get(folder);
  if (disk === undefined) return;
  disk.slow = ms > SLOW_MS ? disk.slow + 1 : 0;
  if (disk.slow >= SLOW_IN_A_ROW) disk.pooledUntilMs = performance.now() + SLOW_FOR_MS;
}
