import { VfsError } from '../../vfs/errors.js';
import type { ProbeContext } from './probe-context.js';

/** What keeps programs that do not lock from a lock file, by the scheme of the store. */
const REMEDIES: Readonly<Record<string, string>> = {
  file: 'every program that may write to the folder can do so; only its permissions keep others out',
  sftp: "every program that may write to the folder can do so; only the server's permissions keep others out",
  mem: 'every caller in this process can do so',
  s3: 'on AWS a bucket policy can refuse both (docs/stores/s3.md)',
  gs: 'no policy can refuse this to those who lock; IAM can refuse it to others (docs/stores/gcs.md)',
};

/** Whether a program that ignores locks can overwrite or delete a lock file. Locks are safe among those who lock all the same. */
export async function unconditional(
  context: ProbeContext,
): Promise<{ readonly found: string; readonly note?: boolean }> {
  const { vfs, signal } = context;
  const path = context.freshLock();
  const [ours, theirs] = [context.content(), context.content()];
  await context.created(path, ours);
  const isWriteRefused = await isDenied(vfs.write(path, theirs, { signal }));
  await context.holds(path, isWriteRefused ? ours : theirs, 'an overwrite without a condition');
  const isDeleteRefused = await isDenied(vfs.delete(path, { signal }));
  await context.holds(
    path,
    !isDeleteRefused ? undefined : isWriteRefused ? ours : theirs,
    'a delete without a condition',
  );
  if (isWriteRefused && isDeleteRefused) {
    return { found: 'overwriting and deleting a lock file without a condition are refused' };
  }
  const remedy = REMEDIES[vfs.scheme] ?? 'every program that may write to the store can do so';
  return { found: `${outcome(isWriteRefused, isDeleteRefused)}: ${remedy}`, note: true };
}

function outcome(isWriteRefused: boolean, isDeleteRefused: boolean): string {
  if (!isWriteRefused && !isDeleteRefused) return 'a lock file can be overwritten and deleted without a condition';
  const [refused, done] = isWriteRefused ? ['overwriting', 'deleting'] : ['deleting', 'overwriting'];
  return `${refused} a lock file without a condition is refused, ${done} is not`;
}

async function isDenied(call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return false;
  } catch (error) {
    if (error instanceof VfsError && error.code === 'ERR_VFS_DENIED') return true;
    throw error;
  }
}
