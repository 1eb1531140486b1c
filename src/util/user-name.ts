import { userInfo } from 'node:os';

/** The name of the user that this process runs as, or its number where the user database has no entry for it. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${String(process.getuid?.())}`;
  }
}
