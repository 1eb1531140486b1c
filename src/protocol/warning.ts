/** The work is done and stands, so a lock that the store does not take back is no error of the work's: its lease ends it. */
export function warnOfRelease(error: unknown): void {
  process.emitWarning(`${String(error)}; it stays locked until its lease ends`, { code: 'VFS_LOCKFILE_RELEASE' });
}
