import { LockNotHeldError } from './model/errors.js';
import { acquisitions } from './protocol/acquisition.js';
import { announcementsEnded } from './protocol/announcement.js';
import { heldLocks } from './protocol/held-lock.js';
import { releaseQuietly } from './quiet-release.js';

/** Ends all acquisitions of this process, and releases all its locks. Resolves with how many were held until then. */
export async function releaseAll(): Promise<number> {
  const reason = new LockNotHeldError('all locks of this process were released while this one was being acquired');
  const cancelled = [...acquisitions].map((acquisition) => acquisition.cancel(reason));
  const wereHeld = await Promise.all([...heldLocks].map(releaseQuietly));
  await Promise.all(cancelled);
  await announcementsEnded();
  return wereHeld.filter(Boolean).length;
}

let users = 0;

/** Releases all locks on local disks when this process exits, until the returned function is called. */
export function releaseOnExit(): () => void {
  let isOn = true;
  users += 1;
  if (users === 1) process.on('exit', releaseNow);
  return () => {
    if (!isOn) return;
    isOn = false;
    users -= 1;
    if (users === 0) process.off('exit', releaseNow);
  };
}

/** What fails here stays locked until its lease ends, or until somebody notices that this process is gone. */
function releaseNow(): void {
  for (const lock of heldLocks) {
    try {
      lock.releaseNow();
    } catch {
      continue;
    }
  }
}
