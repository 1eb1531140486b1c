import { existsSync } from 'node:fs';

/**
 * Says why tests are skipped that need something which this machine lacks. It is an error instead where it was promised:
 * under CI, and in a run that names the servers it wants (`npm run test:servers -- s3`).
 */
export function lacks(what: string, how = 'npm run test:install', cause?: unknown): string {
  const reason = `needs ${what} (${how})`;
  if (process.env.CI || process.env.VFS_LOCKFILE_TEST_SERVERS) throw new Error(reason, { cause });
  return reason;
}

export function areThere(files: readonly string[]): boolean {
  return files.every((file) => existsSync(file));
}
