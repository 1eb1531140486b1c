/** The mode of a lock file: readable to all who may write to its folder, so that each of them can judge the lock. */
export function fileMode(folderMode: number): number {
  return 0o600 | ((folderMode | (folderMode << 1)) & 0o044);
}
