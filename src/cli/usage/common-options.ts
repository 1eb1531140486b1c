/** Options of several commands. */
export const HELP = { help: { kind: 'flag', short: 'h', help: 'show this help' } } as const;
export const JSON_LINES = { json: { kind: 'flag', help: 'print one JSON object per line' } } as const;
export const RECURSIVE = { recursive: { kind: 'flag', short: 'r', help: 'include all folders below' } } as const;
export const NO_HEADERS = { 'no-headers': { kind: 'flag', help: 'leave out the line of titles' } } as const;
export const SILENT = {
  quiet: { kind: 'flag', short: 'q', help: 'print nothing; the exit code is the answer' },
} as const;
export const ERRORS_ONLY = { quiet: { kind: 'flag', short: 'q', help: 'print nothing but errors' } } as const;

export const LOCK_FILE = {
  'lock-file': {
    kind: 'text',
    value: 'PATH',
    help: 'use this lock file, by its path or its URI in the same store, and not FILE.lock; all who lock FILE have to',
  },
} as const;

export const NAMED = {
  named: { kind: 'text', value: 'NAME', help: 'use the lock of a name, such as that of a job, in the place of FILE' },
  in: {
    kind: 'text',
    value: 'FOLDER',
    help: 'with --named: the folder of the lock, by its path or URI; all who use the name have to use the same one (default: a folder of this user on this machine)',
  },
} as const;

export const ANNOUNCE = {
  announce: {
    kind: 'flag',
    help: 'with --wait: leave a mark beside the lock once the wait is longer than a moment, so that ls and status show who waits',
  },
} as const;

export const JOURNAL = {
  journal: {
    kind: 'text',
    value: 'WHERE',
    env: 'VFS_LOCKFILE_JOURNAL',
    help: 'append what happens to the lock to a journal: beside, in the folder of the lock, or in a local file, by its path',
  },
} as const;
