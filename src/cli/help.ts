import { readFileSync } from 'node:fs';

export const HELP = `Usage: vfs-lockfile run FILE [OPTIONS] -- COMMAND [ARGS...]
       vfs-lockfile status FILE [--json]
       vfs-lockfile --help | --version

FILE is a path or a URI such as file:///inbox/data.csv; its lock is the small
file FILE.lock beside it. FILE itself need not exist and is never touched.

run     Starts COMMAND, without any shell, only while the lock is held.
  --ttl D         how long the lease lasts without a renewal; at least 1s, or
                  never (default 30s); it is renewed every third of it
  --wait D        how long to wait for the lock, or never to give up: never
                  (default 0: fail at once)
  --owner ID      who holds the lock, in your own words
  --grace D       only the same --owner may take the lock over for so long
                  after its lease has ended (default 0); needs --ttl
  --note JSON     an object to keep in the lock file for others to read
  --kill-after D  SIGKILL comes so long after SIGTERM (default: a sixth of the
                  ttl, at most 2s)
  --margin D      SIGKILL comes so long before the end of the lease at the
                  latest (default: a sixth of the ttl, at most 2s)
  -q, --quiet     do not tell of waiting
  D is a number with a unit: 250ms, 30s, 5m, 2h, 1d.

  COMMAND runs in a process group and session of its own, which get the signals
  INT, TERM, HUP, QUIT, USR1, USR2, WINCH, TSTP and CONT that vfs-lockfile gets.
  When the lock is lost, or was not renewed in time, the whole group is ended
  before the lease is; also when vfs-lockfile itself is killed. What COMMAND
  leaves running in its group has --kill-after to end, then it is ended too,
  and only then is the lock given back. COMMAND finds in its environment:
    VFS_LOCKFILE_PATH       the locked file
    VFS_LOCKFILE_ID         an id of this one acquisition
    VFS_LOCKFILE_OWNER      what --owner said
    VFS_LOCKFILE_RECLAIMED  set if a stale lock was taken over: expired,
                            dead-process or unreadable

  Exit codes: COMMAND's own (128+n if signal n ended it), or
     64  wrong usage, or a FILE that cannot be locked; nothing was started
     74  the store failed, or a process could not be started
     75  somebody else holds the lock
     79  somebody else still held the lock when --wait ended
     80  the lock was lost, and COMMAND was ended
    126  COMMAND could not be executed
    127  COMMAND was not found
  128+n  signal n ended the wait
  A line on standard error comes with all of these but the last.

status  Tells who holds the lock, since when and for how long. Changes nothing.
  --json          one object on one line
  Exit codes: 0 free, 1 held, 2 stale (the next one to ask gets it), 3 held and
  unreadable, 64 wrong usage, 74 the store failed
`;

export function version(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { readonly version: string }).version;
}
