import {
  ANNOUNCE,
  ERRORS_ONLY,
  HELP,
  JOURNAL,
  JSON_LINES,
  LOCK_FILE,
  NAMED,
  NO_HEADERS,
  RECURSIVE,
} from './common-options.js';
import { RUN } from './run-options.js';
import { SORTS } from '../terminal/lock-selection.js';

export const HISTORY = {
  ...NAMED,
  since: { kind: 'duration', value: 'D', help: 'leave out what is older than that' },
  limit: { kind: 'count', value: 'N', help: 'print only the last N entries (default: 50, and all with --json)' },
  journal: {
    kind: 'text',
    value: 'WHERE',
    env: 'VFS_LOCKFILE_JOURNAL',
    default: 'beside',
    help: 'the journal to read: beside, in the folder, or a local file, by its path',
  },
  summary: { kind: 'flag', help: 'print only the numbers: how long locks were waited for and held' },
  timeline: {
    kind: 'text',
    value: 'PATH',
    help: 'draw it into this file, a page (or a picture, if it ends with .svg), and print nothing',
  },
  prune: {
    kind: 'duration',
    value: 'D',
    min: '1d',
    help: 'remove the files of days that are older than that from the journal of a LOCATION, and print which',
  },
  'dry-run': { kind: 'flag', short: 'n', help: 'with --prune: show what would be removed, and remove nothing' },
  json: { kind: 'flag', help: 'print one JSON object per line' },
  quiet: { kind: 'flag', short: 'q', help: 'do not report what is missing' },
  ...HELP,
} as const;

const ACQUIRING = {
  ...NAMED,
  ...LOCK_FILE,
  wait: RUN.wait,
  ...ANNOUNCE,
  owner: RUN.owner,
  note: RUN.note,
} as const;

const CONFLICT = { 'conflict-exit-code': RUN['conflict-exit-code'] } as const;
const QUIET_ACQUISITION = { quiet: RUN.quiet } as const;
const ID = {
  id: { kind: 'text', value: 'ID', required: true, help: 'the id that acquire or hold printed' },
} as const;

export const ACQUIRE = {
  ...ACQUIRING,
  ttl: {
    kind: 'duration',
    value: 'D',
    default: '1h',
    min: '1s',
    infinity: true,
    help: 'how long the lock lasts unless renew is called: at least 1s, or never',
  },
  pid: {
    kind: 'text',
    value: 'PID',
    help: 'the process that the lock stands for: when it ends, others on this host get the lock at once; none: only the end of the ttl does that (default: the shell that calls)',
  },
  fencing: {
    kind: 'flag',
    help: 'count the acquisitions of this lock, and print the number behind the id; the lock file stays afterwards',
  },
  ...CONFLICT,
  ...JSON_LINES,
  ...QUIET_ACQUISITION,
  ...HELP,
} as const;

export const HOLD = {
  ...ACQUIRING,
  for: { kind: 'duration', value: 'D', required: true, min: '1s', infinity: true, help: 'how long to hold the lock' },
  reason: { kind: 'text', value: 'TEXT', help: 'why, for all who meet the lock' },
  ...JSON_LINES,
  ...QUIET_ACQUISITION,
  ...HELP,
} as const;

export const RENEW = {
  ...NAMED,
  ...LOCK_FILE,
  ...ID,
  ttl: {
    kind: 'duration',
    value: 'D',
    min: '1s',
    infinity: true,
    help: 'how long the lock lasts from now on (default: as long as before)',
  },
  progress: {
    kind: 'text',
    value: 'TEXT',
    help: 'how far the work has come, for others to see: words, or JSON with done, total and text',
  },
  ...JSON_LINES,
  ...ERRORS_ONLY,
  ...HELP,
} as const;

export const RELEASE = { ...NAMED, ...LOCK_FILE, ...ID, ...JSON_LINES, ...ERRORS_ONLY, ...HELP } as const;

export const LS = {
  ...RECURSIVE,
  watch: {
    kind: 'flag',
    short: 'w',
    help: 'look again and again: on a terminal a live table, the urgent locks first, where q quits; otherwise one line per change, with state free for a lock that is gone',
  },
  every: {
    kind: 'duration',
    value: 'D',
    default: '2s',
    min: '100ms',
    help: 'with --watch: how often to look',
  },
  all: { kind: 'flag', short: 'a', help: 'include released locks, of which only the file is left' },
  sort: {
    kind: 'choice',
    choices: [...SORTS, 'none'],
    value: 'KEY',
    help: 'order by file, state (those that need somebody first), owner, age (oldest first) or expires; none: as they are found (default file, with --json none)',
  },
  state: { kind: 'text', value: 'STATES', help: 'only locks in these states, such as stale,unreadable' },
  owner: { kind: 'text', value: 'ID', help: 'only locks of this owner' },
  'older-than': {
    kind: 'duration',
    value: 'D',
    zero: true,
    help: 'only locks that have been held for at least this long',
  },
  output: {
    kind: 'choice',
    choices: ['wide'],
    short: 'o',
    value: 'wide',
    help: 'cut nothing, and also show waiters, user, renewals, id, note, lock file and progress',
  },
  format: {
    kind: 'choice',
    choices: ['prometheus'],
    value: 'prometheus',
    help: 'print metrics of each LOCATION, as the textfile collector of Prometheus reads them',
  },
  ...NO_HEADERS,
  ...JSON_LINES,
  quiet: { kind: 'flag', short: 'q', help: 'report neither progress nor that there are no locks' },
  ...HELP,
} as const;

export const SWEEP = {
  ...RECURSIVE,
  'dry-run': { kind: 'flag', short: 'n', help: 'show what would be removed, and remove nothing' },
  'older-than': {
    kind: 'duration',
    value: 'D',
    zero: true,
    help: 'keep what was written more recently; never removes anything earlier than without this option',
  },
  unreadable: {
    kind: 'flag',
    help: 'also remove stale *.lock files that are empty or incomplete; empty ones may belong to another program, such as flock',
  },
  concurrency: { kind: 'count', value: 'N', default: '16', help: 'how many locks to check at the same time' },
  all: { kind: 'flag', short: 'a', help: 'also show what was kept, and why' },
  ...NO_HEADERS,
  ...JSON_LINES,
  ...ERRORS_ONLY,
  ...HELP,
} as const;

export const UNLOCK = {
  ...NAMED,
  ...LOCK_FILE,
  expect: {
    kind: 'text',
    value: 'ID',
    required: true,
    help: 'the id of the lock to end, as status and ls --json show it',
  },
  reason: { kind: 'text', value: 'TEXT', help: "why, for the holder's error and for the event stream" },
  ...JOURNAL,
  yes: { kind: 'flag', short: 'y', help: 'do not ask, on a terminal' },
  ...JSON_LINES,
  ...ERRORS_ONLY,
  ...HELP,
} as const;

export const SERVE = {
  listen: {
    kind: 'text',
    value: 'HOST:PORT',
    env: 'VFS_LOCKFILE_LISTEN',
    default: '127.0.0.1:8080',
    help: 'where to listen; anything but a loopback address needs --token-file; port 0 takes a free one',
  },
  'token-file': {
    kind: 'text',
    value: 'PATH',
    env: 'VFS_LOCKFILE_TOKENS',
    help: 'a file with lines NAME read|write SHA256 of the tokens that are accepted; it is read again when it changes',
  },
  'base-path': { kind: 'text', value: 'PATH', help: 'serve everything below this path, such as /locks' },
  ...HELP,
} as const;
