import { freshId } from '../../util/fresh-id.js';
import { VfsError } from '../../vfs/errors.js';
import { lockPath } from '../../vfs/names.js';
import type { Eventual } from '../../util/steps.js';
import type { Version } from '../../vfs/vfs.js';
import { ProbeFailed, type ProbeContext } from './probe-context.js';

/** The longest name, in bytes, whose lock every common file system takes; encrypted ones have no more room. */
const COMMON_BYTES = 132;

/** The longest name whose lock an ordinary file system takes. */
const LONG_BYTES = 244;

/**
 * What a holder does to its own lock, and what a contender does that takes it over: where a store has two ways to change a lock file,
 * both are tried.
 */
export async function ownChanges(context: ProbeContext): Promise<{ readonly found: string }> {
  const { vfs, signal } = context;
  const path = context.fresh();
  const folderFor = (lock: string): Eventual<string | undefined> =>
    vfs.holderFolder?.(lock, { signal, forCreate: true });
  const via = await folderFor(path);
  const records = Array.from({ length: 3 }, () => recordOf(via));
  const version = await renewed(context, path, via, records);
  if (!(await context.remove(path, version))) throw new ProbeFailed('a release loses, though nobody else is there');
  await context.holds(path, undefined, 'a release');
  const next = context.fresh();
  const another = await folderFor(next);
  const taken = await context.create(next, recordOf(another), another);
  if (taken === undefined) throw new ProbeFailed('a create fails as if the file existed, and it does not');
  const thief = recordOf(undefined);
  if (!(await context.replace(next, taken.version, thief)))
    throw new ProbeFailed('a takeover loses, though nobody acts');
  await context.holds(next, thief, 'a takeover');
  return { found: via === undefined ? 'all of them succeed' : "all of them succeed, through the holder's folder, too" };
}

async function renewed(
  context: ProbeContext,
  path: string,
  via: string | undefined,
  [first, ...others]: readonly Uint8Array[],
): Promise<Version> {
  const created = first && (await context.create(path, first, via));
  if (created === undefined) throw new ProbeFailed('a create fails as if the file existed, and it does not');
  let { version } = created;
  for (const record of others) {
    const written = await context.replace(path, version, record, via);
    if (written === undefined) throw new ProbeFailed('a renewal loses, though nobody else is there');
    ({ version } = written);
    await context.holds(path, record, 'a renewal');
  }
  return version;
}

function recordOf(via: string | undefined): Uint8Array {
  return Buffer.from(JSON.stringify({ doctor: freshId(), via }));
}

/** Creates, replaces and removes the lock of a long name. */
export async function longNames(context: ProbeContext): Promise<{ readonly found: string; readonly note?: boolean }> {
  let refusal = '';
  for (const bytes of [LONG_BYTES, COMMON_BYTES]) {
    const path = lockPath(context.longer(bytes));
    try {
      const version = await context.created(path, context.content());
      const written = await context.replace(path, version, context.content());
      if (!written || !(await context.remove(path, written.version))) throw new ProbeFailed('a change of it loses');
    } catch (error) {
      if (!(error instanceof VfsError) || error.code !== 'ERR_VFS_PATH') throw error;
      refusal = error.message;
      continue;
    }
    const found = `files with names of ${String(bytes)} bytes can be locked`;
    return refusal === '' ? { found } : { found: `${found}, and of ${String(LONG_BYTES)} bytes not`, note: true };
  }
  return { found: `files with names of ${String(COMMON_BYTES)} bytes cannot be locked (${refusal})`, note: true };
}
