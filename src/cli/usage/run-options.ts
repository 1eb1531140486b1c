import { ANNOUNCE, HELP, JOURNAL, LOCK_FILE, NAMED } from './common-options.js';

export const RUN = {
  ...NAMED,
  ...LOCK_FILE,
  ttl: {
    kind: 'duration',
    value: 'D',
    env: 'VFS_LOCKFILE_TTL',
    min: '1s',
    infinity: true,
    help: 'how long the lease lasts without a renewal: at least 1s, or never (default 30s); it is renewed every third of that time',
  },
  wait: {
    kind: 'duration',
    value: 'D',
    env: 'VFS_LOCKFILE_WAIT',
    default: '0',
    zero: true,
    infinity: true,
    help: 'how long to wait for the lock; 0 fails at once, never waits without limit',
  },
  ...ANNOUNCE,
  owner: { kind: 'text', value: 'ID', env: 'VFS_LOCKFILE_OWNER', help: 'a name for the holder of the lock' },
  grace: {
    kind: 'duration',
    value: 'D',
    zero: true,
    help: 'how long after the end of the lease only the same --owner may take over the lock (default 0); needs --ttl',
  },
  note: { kind: 'json', value: 'JSON', help: 'an object to store in the lock file for others to read' },
  'no-command': { kind: 'flag', help: 'do not write COMMAND into the lock file, as it may have secrets in it' },
  ...JOURNAL,
  log: {
    kind: 'text',
    value: 'PATH',
    help: 'append what happens to the lock and to COMMAND to this local file, as lines of JSON',
  },
  progress: {
    kind: 'flag',
    help: 'show the last line that COMMAND writes into the file VFS_LOCKFILE_PROGRESS: words, or JSON with done, total and text; each renewal writes it into the lock file',
  },
  'max-hold': {
    kind: 'duration',
    value: 'D',
    help: 'end COMMAND, with exit code 124, when it has run for this long',
  },
  'conflict-exit-code': {
    kind: 'exit-code',
    short: 'E',
    value: 'CODE',
    help: 'the exit code when somebody else holds the lock, 0 to 255 (default: 75, or 79 after a --wait)',
  },
  fencing: {
    kind: 'flag',
    help: 'count the acquisitions of this lock, and give the number to COMMAND as VFS_LOCKFILE_TOKEN; the lock file stays afterwards',
  },
  'kill-after': {
    kind: 'duration',
    value: 'D',
    zero: true,
    help: 'the time between SIGTERM and SIGKILL (default: a sixth of the ttl, at most 2s)',
  },
  margin: {
    kind: 'duration',
    value: 'D',
    min: '50ms',
    help: 'the least time between SIGKILL and the end of the lease (default: a sixth of the ttl, at most 2s)',
  },
  quiet: { kind: 'flag', short: 'q', help: 'report neither waiting nor that a stale lock was taken over' },
  ...HELP,
} as const;
