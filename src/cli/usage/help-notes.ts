import type { CommandName } from './commands.js';

export const OVERVIEW = `FILE is a path or a URI such as file:///inbox/data.csv; its lock is the small
file FILE.lock beside it. FILE itself need not exist and is never touched.
run, acquire, status and others take --named NAME in its place, for what is no
file.
LOCATION is a folder of such files, by its path or URI.
D, a duration, is a number with a unit: 250ms, 30s, 5m, 2h, 1d.

Every command exits with 64 after wrong usage and with 74 when the store
failed, and prints the reason on standard error; with 128+n when signal n
ended it. Colours appear only on terminals, and not when NO_COLOR is set.
vfs-lockfile COMMAND --help shows the other exit codes and all options, with
examples; help --man prints all of it as a manual page.
`;

const RUN = `D is a number with a unit: 250ms, 30s, 5m, 2h, 1d.

These environment variables stand in for options that are not given:
  VFS_LOCKFILE_TTL, VFS_LOCKFILE_WAIT, VFS_LOCKFILE_OWNER,
  VFS_LOCKFILE_JOURNAL

COMMAND runs in its own process group and session (so without /dev/tty). The
signals INT, TERM, HUP, QUIT, USR1, USR2, WINCH, TSTP and CONT are passed on
to the group. A job that stays suspended for longer than its lease is ended.
If the lock is lost, or is not renewed in time, the whole group is ended before
the lease is over; the same happens if vfs-lockfile itself is killed. If its
guardian process is killed with it, the lock stays until COMMAND has ended or
the lease is over. Whatever
COMMAND leaves running in its group has --kill-after to end by itself, then it
is ended; only then is the lock released. COMMAND finds in its environment:
  VFS_LOCKFILE_PATH       the locked file
  VFS_LOCKFILE_ID         the id of this acquisition
  VFS_LOCKFILE_OWNER      the owner of the lock; an inner run uses the same
                          owner unless it is given another
  VFS_LOCKFILE_TOKEN      with --fencing: a number that grows with each run
  VFS_LOCKFILE_PROGRESS   with --progress: the file whose last line others see,
                          as in echo '12 of 40' >"$VFS_LOCKFILE_PROGRESS"
  VFS_LOCKFILE_RECLAIMED  set if a stale lock was taken over: expired,
                          dead-process or unreadable

Exit codes: COMMAND's own (128+n if signal n ended it), or
   64  wrong usage, or a FILE that cannot be locked; nothing was started
   74  the store failed, or a process could not be started
   75  somebody else holds the lock (or the code of -E)
   79  somebody else still held the lock when --wait ended (or -E)
   80  the lock was lost, and COMMAND was ended
  124  COMMAND ran for longer than --max-hold, and was ended
  126  COMMAND could not be executed
  127  COMMAND was not found
128+n  signal n ended the wait
All of these but the last print a line on standard error.
`;

const ACQUIRE = `The lock stands for a process, by default the shell that calls: when that ends,
others on this host get the lock at once, and others elsewhere at the end of the
ttl.
Nothing renews it in the background, so the ttl has to cover the work, or renew
has to be called. A lock whose ttl has ended is taken over by whoever asks next.
With --fencing a blank and the number follow the id.

Exit codes:
   0  the lock is held, and its id was printed
  64  wrong usage, or a FILE that cannot be locked
  74  the store failed
  75  somebody else holds the lock (or the code of -E)
  79  somebody else still held the lock when --wait ended (or -E)
`;

const RENEW = `A lock whose ttl has ended is renewed as well, unless somebody took it over.

Exit codes:
   0  renewed
   1  the lock has another id by now, or is gone; nothing was changed
  64  wrong usage
  74  the store failed
`;

const RELEASE = `Exit codes:
   0  released
   1  the lock has another id by now, or is gone; nothing was changed
  64  wrong usage
  74  the store failed
`;

const HOLD = `The lock stands for no process: it ends when its time is over, or with release.

Exit codes:
   0  the lock is held, and its id was printed
  64  wrong usage, or a FILE that cannot be locked
  74  the store failed
  75  somebody else holds the lock
  79  somebody else still held the lock when --wait ended
`;

const STATUS = `Exit codes:
    0  free
    1  held
    2  stale: the next process that asks gets the lock
    3  held, and the lock file is empty or incomplete
    4  foreign: what stands in the lock's place belongs to another program
   64  wrong usage
   74  the store failed
`;

const EVENTUAL = `  64  wrong usage, or a LOCATION that is not a folder
  74  the store failed, wholly or in part; everything possible was done
 130  interrupted by ctrl-C (128+n: by signal n); the progress is printed
`;

const LS = `LOCATION is a folder: a path, or a URI such as sftp://me@host/inbox. On a local
disk it may also be a file, for its lock alone. A terminal shows as many columns
as fit, and below 60 columns one block for each lock; elsewhere the cells of a
line are separated by tabs. Empty or incomplete *.lock files are unreadable, and
stale later. Those of other programs, such as yarn.lock, are foreign.
AGE is the time since the lock was acquired, RENEWED the time since the last
renewal, EXPIRES the time until others may take it over unless it is renewed.

Exit codes:
   0  all locks were listed, if there are any
${EVENTUAL}`;

const SWEEP = `LOCATION is a folder: a path, or a URI such as sftp://me@host/inbox.
A lock is removed only if it did not change since it was seen to be stale, so a
lock that is renewed meanwhile survives. Any number of sweeps may run at once.
Staged files and tombstones are removed when they are older than an hour.

Exit codes:
   0  done, whether or not anything had to be removed
${EVENTUAL}`;

const DOCTOR = `LOCATION is a folder: a path, or a URI such as sftp://me@host/inbox.

Exit codes:
   0  safe: if two clients create, replace or remove a file, one of them wins
   1  unsafe: do not lock there
   2  unproved: not every check could run
${EVENTUAL}`;

const UNLOCK = `Nothing happens unless the lock still has that id. On a terminal the lock is
shown, with whether its process lives, and you are asked. Its holder learns of
this, and of the --reason, at the next renewal and may go on working until
then, so stop the holder first.

Exit codes:
   0  the lock was ended
   1  the lock has another id by now, or is gone; nothing was changed
  64  wrong usage
  74  the store failed
`;

const HISTORY = `run --journal, VFS_LOCKFILE_JOURNAL, and startJournal of the library keep a
journal. That of a folder, beside, is in .vfs-lockfile-journal there, a file a
day, host and user; --prune 30d removes the files of old days. WHERE is
beside or the path of a local file. Times are those of the hosts that wrote.

Exit codes:
   0  printed or pruned, even if there is nothing
  64  wrong usage
  74  the store failed
 130  interrupted by ctrl-C (128+n: by signal n)
`;

const SERVE = `LOCATION is a folder: a path, or a URI such as s3://bucket/jobs. Nothing is kept
in the service: it may be restarted, and several may serve one LOCATION.
docs/serve.md has the requests and the clients of other services that work.

Exit codes:
   0  a signal stopped it
  64  wrong usage, or a LOCATION that is not a folder
  74  it cannot listen there
`;

const COMPLETION = `bash: put this into ~/.bashrc
  source <(vfs-lockfile completion bash)
zsh: put this into ~/.zshrc, after compinit
  source <(vfs-lockfile completion zsh)
fish: put this into ~/.config/fish/config.fish
  vfs-lockfile completion fish | source

Exit codes:
   0  printed
  64  wrong usage
`;

/** The part of a command's help that follows its options. */
export const NOTES: Readonly<Record<CommandName, string>> = {
  run: RUN,
  acquire: ACQUIRE,
  renew: RENEW,
  release: RELEASE,
  hold: HOLD,
  status: STATUS,
  ls: LS,
  sweep: SWEEP,
  doctor: DOCTOR,
  unlock: UNLOCK,
  history: HISTORY,
  serve: SERVE,
  completion: COMPLETION,
};
