interface Described {
  /** A one-letter form, such as `q` for `-q`. */
  readonly short?: string;
  readonly help: string;
}

/** An option without a value, `true` when it is given. */
export interface FlagSpec extends Described {
  readonly kind: 'flag';
}

/** An option with a value. */
export interface ValueSpec extends Described {
  readonly kind: 'duration' | 'count' | 'exit-code' | 'json' | 'text' | 'choice';
  /** Stands for the value in the help. */
  readonly value: string;
  /** The value when neither the option nor its variable is set. */
  readonly default?: string;
  /** The environment variable that stands in for the option. */
  readonly env?: string;
  readonly required?: true;
  /** Durations only: the smallest one, and whether `0` and `never` are allowed. */
  readonly min?: string;
  readonly zero?: true;
  readonly infinity?: true;
}

export type OptionSpec = FlagSpec | ValueSpec;

/** One command. The reader of arguments, the help and the completion scripts all follow this table. */
export interface CommandSpec {
  readonly usage: string;
  readonly summary: string;
  /** What the first operand names. */
  readonly operand: 'file' | 'location' | 'shell';
  /** All that the operand may be, if that is a fixed set. */
  readonly choices?: readonly string[];
  /** Whether `-- COMMAND [ARGS...]` follows. */
  readonly takesCommand?: true;
  readonly options: Readonly<Record<string, OptionSpec>>;
}

const HELP = { help: { kind: 'flag', short: 'h', help: 'show this help' } } as const;
const JSON_LINES = { json: { kind: 'flag', help: 'print one JSON object per line' } } as const;
const RECURSIVE = { recursive: { kind: 'flag', short: 'r', help: 'include all folders below' } } as const;
const SILENT = { quiet: { kind: 'flag', short: 'q', help: 'print nothing; the exit code is the answer' } } as const;
const ERRORS_ONLY = { quiet: { kind: 'flag', short: 'q', help: 'print nothing but errors' } } as const;

const LOCK_FILE = {
  'lock-file': {
    kind: 'text',
    value: 'PATH',
    help: 'use this lock file, by its path or its URI in the same store, and not FILE.lock; all who lock FILE have to',
  },
} as const;

const NAMED = {
  named: { kind: 'text', value: 'NAME', help: 'use the lock of a name, such as that of a job, in the place of FILE' },
  in: {
    kind: 'text',
    value: 'FOLDER',
    help: 'with --named: the folder of the lock, by its path or URI; all who use the name have to use the same one (default: a folder of this user on this machine)',
  },
} as const;

const RUN = {
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
  owner: { kind: 'text', value: 'ID', env: 'VFS_LOCKFILE_OWNER', help: 'a name for the holder of the lock' },
  grace: {
    kind: 'duration',
    value: 'D',
    zero: true,
    help: 'how long after the end of the lease only the same --owner may take over the lock (default 0); needs --ttl',
  },
  note: { kind: 'json', value: 'JSON', help: 'an object to store in the lock file for others to read' },
  'no-command': { kind: 'flag', help: 'do not write COMMAND into the lock file, as it may have secrets in it' },
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

const LS = {
  ...RECURSIVE,
  watch: {
    kind: 'flag',
    short: 'w',
    help: 'look again every two seconds until interrupted: a live table on a terminal, otherwise one line per change, with state free for a lock that is gone',
  },
  ...JSON_LINES,
  quiet: { kind: 'flag', short: 'q', help: 'report neither progress nor that there are no locks' },
  ...HELP,
} as const;

const SWEEP = {
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
  ...JSON_LINES,
  ...ERRORS_ONLY,
  ...HELP,
} as const;

const UNLOCK = {
  ...NAMED,
  ...LOCK_FILE,
  expect: {
    kind: 'text',
    value: 'ID',
    required: true,
    help: 'the id of the lock to end, as status and ls --json show it',
  },
  reason: { kind: 'text', value: 'TEXT', help: "why, for the holder's error and for the event stream" },
  yes: { kind: 'flag', short: 'y', help: 'do not ask, on a terminal' },
  ...ERRORS_ONLY,
  ...HELP,
} as const;

const SERVE = {
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

export const COMMANDS = {
  run: {
    usage: 'run FILE [OPTIONS] -- COMMAND [ARGS...]',
    summary: 'Runs COMMAND, without a shell, only while the lock is held.',
    operand: 'file',
    takesCommand: true,
    options: RUN,
  },
  status: {
    usage: 'status FILE [OPTIONS]',
    summary: 'Shows who holds the lock, since when and for how long. Changes nothing.',
    operand: 'file',
    options: { ...NAMED, ...LOCK_FILE, ...JSON_LINES, ...SILENT, ...HELP },
  },
  ls: {
    usage: 'ls LOCATION [OPTIONS]',
    summary: 'Lists the locks in a folder. Changes nothing.',
    operand: 'location',
    options: LS,
  },
  sweep: {
    usage: 'sweep LOCATION [OPTIONS]',
    summary: 'Removes stale locks, and after an hour the leftovers of crashed writers.',
    operand: 'location',
    options: SWEEP,
  },
  doctor: {
    usage: 'doctor LOCATION [OPTIONS]',
    summary: 'Tests with scratch files whether the store of a folder is safe to lock on.',
    operand: 'location',
    options: { ...JSON_LINES, ...SILENT, ...HELP },
  },
  unlock: {
    usage: 'unlock FILE --expect ID [OPTIONS]',
    summary: "Ends somebody else's lock by hand.",
    operand: 'file',
    options: UNLOCK,
  },
  serve: {
    usage: 'serve LOCATION [OPTIONS]',
    summary: 'Serves the locks in a folder over HTTP, with a page that shows them.',
    operand: 'location',
    options: SERVE,
  },
  completion: {
    usage: 'completion bash|zsh',
    summary: 'Prints a script that makes a shell complete these commands.',
    operand: 'shell',
    choices: ['bash', 'zsh'],
    options: HELP,
  },
} as const satisfies Readonly<Record<string, CommandSpec>>;

export type CommandName = keyof typeof COMMANDS;

export const COMMAND_NAMES = Object.keys(COMMANDS) as readonly CommandName[];

export function isCommand(text: string | undefined): text is CommandName {
  return text !== undefined && Object.hasOwn(COMMANDS, text);
}

/** The options of a command by name, without the differences between commands. */
export function optionsOf(command: CommandName): readonly (readonly [name: string, spec: OptionSpec])[] {
  return Object.entries(COMMANDS[command].options);
}
