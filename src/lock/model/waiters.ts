import { inParallel } from '../../util/in-parallel.js';
import { wallMs } from '../../util/time.js';
import { isWaiterPath, waiterPrefix, waitersFolder } from '../../vfs/names.js';
import { folderOf, nameOf } from '../../vfs/path.js';
import type { CallOptions, Entry, Vfs } from '../../vfs/vfs.js';
import { decodeMark, LONGEST_MARK_MS, MAX_MARK_BYTES, waiterOf, type Waiter, type WaiterMark } from './waiter.js';

/** Of a folder with more names, the others are not looked at: anybody who may write beside the locks can fill it. */
const MOST_NAMES = 5000;

/** How many marks of a folder are read. */
const MOST_MARKS = 256;

const AT_ONCE = 16;

/** How to look for those who wait. */
export interface WaitersOptions extends CallOptions {
  /** The store's time in a folder, asked only where there are marks. Default: the marks are trusted to say when they were written. */
  readonly nowMs?: ((folder: string) => Promise<number | undefined>) | undefined;
  /** Leave out this mark. */
  readonly except?: string | undefined;
}

/** A mark that was found, and how old it is. */
export interface FoundMark {
  readonly mark: WaiterMark;
  readonly ageMs: number;
}

/** Who waits for the lock whose file is at `lock`, the longest first. Empty where that cannot be found out. */
export async function waitersFor(vfs: Vfs, lock: string, options: WaitersOptions = {}): Promise<readonly Waiter[]> {
  return (await waitersIn(vfs, folderOf(lock), options, lock)).get(nameOf(lock)) ?? [];
}

/** Who waits for the locks in a folder, by the names of the lock files, or for one of these locks only. */
export async function waitersIn(
  vfs: Vfs,
  folder: string,
  options: WaitersOptions = {},
  only?: string,
): Promise<ReadonlyMap<string, readonly Waiter[]>> {
  const waiters = new Map<string, Waiter[]>();
  let asked: Promise<number | undefined> | undefined;
  const read = async (entry: Entry): Promise<FoundMark | undefined> => {
    const nowMs = await (asked ??= options.nowMs?.(folder));
    const isOld = nowMs !== undefined && nowMs - entry.modifiedMs > LONGEST_MARK_MS;
    return isOld ? undefined : await readMark(vfs, entry, nowMs, options);
  };
  try {
    for await (const found of inParallel(marksIn(vfs, folder, options, only), AT_ONCE, read)) {
      const waiter = found && waiterOf(found.mark, found.ageMs);
      if (!found || !waiter) continue;
      const others = waiters.get(found.mark.lock);
      if (others) others.push(waiter);
      else waiters.set(found.mark.lock, [waiter]);
    }
  } catch {
    options.signal?.throwIfAborted();
  }
  for (const list of waiters.values()) list.sort((one, other) => other.waitedMs - one.waitedMs);
  return waiters;
}

/** The marks of a folder, as far as they are looked at. */
async function* marksIn(
  vfs: Vfs,
  folder: string,
  { signal, except }: WaitersOptions,
  only: string | undefined,
): AsyncGenerator<Entry> {
  const prefix = only === undefined ? '' : waiterPrefix(only);
  let names = 0;
  let marks = 0;
  for await (const entry of vfs.list(waitersFolder(folder), { signal })) {
    names += 1;
    const isAsked = isWaiterPath(entry.path) && nameOf(entry.path).startsWith(prefix) && entry.path !== except;
    if (isAsked && entry.size <= MAX_MARK_BYTES) {
      marks += 1;
      yield entry;
    }
    if (names === MOST_NAMES || marks === MOST_MARKS) break;
  }
}

/** Reads a mark. Undefined: it is gone, or is none, or stands where it does not belong. */
export async function readMark(
  vfs: Vfs,
  { path, modifiedMs }: Entry,
  nowMs: number | undefined,
  { signal }: CallOptions,
): Promise<FoundMark | undefined> {
  const mark = await vfs.read(path, { signal, maxBytes: MAX_MARK_BYTES }).then(
    (snapshot) => snapshot && decodeMark(snapshot.data),
    () => undefined,
  );
  if (mark === undefined || !nameOf(path).startsWith(waiterPrefix(mark.lock))) return undefined;
  const writtenMs = nowMs === undefined ? mark.since.getTime() + mark.waitedMs : modifiedMs;
  return { mark, ageMs: Math.max(0, (nowMs ?? wallMs()) - writtenMs) };
}
