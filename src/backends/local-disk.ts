import { statfs } from 'node:fs/promises';

import { pooledCalls, promptCalls, type Syscalls } from './local-calls.js';

/** statfs(2) types of file systems that answer from this machine's memory: ext, xfs, btrfs, tmpfs, ramfs, f2fs, zfs, overlay, bcachefs, APFS. */
const PROMPT_TYPES = new Set([
  0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x858458f6, 0xf2f52010, 0x2fc12fc1, 0x794c7630, 0xca451a4e, 0x1a,
]);

const MOST_FOLDERS = 1000;

const known = new Map<string, Syscalls>();

/**
 * The calls that suit the disk below a folder. A local disk answers a call in less time than the thread pool takes to pass
 * it on; a network file system may hang, and must not take the event loop with it.
 */
export async function callsFor(folder: string): Promise<Syscalls> {
  const type = await statfs(folder).then(
    (stats) => stats.type,
    () => undefined,
  );
  if (type === undefined) return pooledCalls;
  const calls = PROMPT_TYPES.has(type) ? promptCalls : pooledCalls;
  if (known.size >= MOST_FOLDERS) known.clear();
  known.set(folder, calls);
  return calls;
}

/** The same where it is known already, without waiting. */
export function knownCallsFor(folder: string): Syscalls | undefined {
  return known.get(folder);
}
