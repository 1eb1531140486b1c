import type { CommandName } from './commands.js';

export const OVERVIEW = `FILE is a path or a URI such as file:///inbox/data.csv; its lock is the small
file FILE.lock beside it. FILE itself need not exist and is never touched.
LOCATION is a folder of such files, by its path or URI.
D, a duration, is a number with a unit: 250ms, 30s, 5m, 2h, 1d.

Every command ends with 64 after wrong usage and with 74 when the store failed,
and says why on standard error; with 128+n when signal n ended it.
Colours are for terminals only, and for none where NO_COLOR is set.
vfs-lockfile COMMAND --help tells the other exit codes and all options.
`;

const RUN = `D is a number with a unit: 250ms, 30s, 5m, 2h, 1d.

The environment may give defaults for what no option says:
  VFS_LOCKFILE_TTL, VFS_LOCKFILE_WAIT, VFS_LOCKFILE_OWNER

COMMAND runs in a process group and session of its own (so without /dev/tty);
the signals INT, TERM, HUP, QUIT, USR1, USR2, WINCH, TSTP and CONT are passed
on to the group. A job suspended for longer than its lease is ended.
When the lock is lost, or was not renewed in time, the whole group is ended
before the lease is; also when vfs-lockfile itself is killed. What COMMAND
leaves running in its group has --kill-after to end, then it is ended too,
and only then is the lock given back. COMMAND finds in its environment:
  VFS_LOCKFILE_PATH       the locked file
  VFS_LOCKFILE_ID         an id of this one acquisition
  VFS_LOCKFILE_OWNER      who holds the lock; the owner of an inner run, too,
                          unless that is told otherwise
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
`;

const STATUS = `Exit codes:
    0  free
    1  held
    2  stale: the next one to ask gets it
    3  held, and the lock file is unreadable
   64  wrong usage
   74  the store failed
`;

const EVENTUAL = `  64  wrong usage, or a LOCATION that is no folder
  74  the store failed, in whole or in part; what could be done was done
 130  interrupted by ctrl-C (128+n: by signal n); told is how far it had come
`;

const LS = `LOCATION is a folder: a path, or a URI such as sftp://me@host/inbox.
Locks are told as they are found, on a terminal in as many columns as fit.
Files named *.lock that hold no lock record are unreadable, later stale.

Exit codes:
   0  all locks were listed, if there are any
${EVENTUAL}`;

const SWEEP = `LOCATION is a folder: a path, or a URI such as sftp://me@host/inbox.
Each lock is removed only if it is still the one that was seen to be stale, so
that one renewed meanwhile survives; any number of sweeps may run at once.
Staged files and tombstones are removed when they are older than an hour.

Exit codes:
   0  done, whether or not anything had to be removed
${EVENTUAL}`;

const DOCTOR = `LOCATION is a folder: a path, or a URI such as sftp://me@host/inbox.

Exit codes:
   0  safe: of two who create, replace or remove, one wins
   1  unsafe: do not lock there
   2  unproved: not everything could be tried
${EVENTUAL}`;

const UNLOCK = `Nothing happens unless the lock still has that id. The one who holds it learns
of it at its next renewal, and may go on working until then: end it first.

Exit codes:
   0  the lock was ended
   1  it is another lock by now, or none; nothing was changed
  64  wrong usage
  74  the store failed
`;

const COMPLETION = `bash: put this into ~/.bashrc
  source <(vfs-lockfile completion bash)
zsh: put this into ~/.zshrc, after compinit
  source <(vfs-lockfile completion zsh)

Exit codes:
   0  printed
  64  wrong usage
`;

/** What the help on a command tells after its options. */
export const NOTES: Readonly<Record<CommandName, string>> = {
  run: RUN,
  status: STATUS,
  ls: LS,
  sweep: SWEEP,
  doctor: DOCTOR,
  unlock: UNLOCK,
  completion: COMPLETION,
};
