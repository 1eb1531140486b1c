/** One option of a command. */
export interface OptionSpec {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  /** What stands for its value in the help. */
  readonly value?: string;
  readonly help: string;
}

/** One command: what may be typed after it, for reading the arguments, for the help and for completion. */
export interface CommandSpec {
  readonly usage: string;
  readonly summary: string;
  /** What its first operand names. */
  readonly operand: 'file' | 'location' | 'shell';
  readonly options: Readonly<Record<string, OptionSpec>>;
}

const HELP = { help: { type: 'boolean', short: 'h', help: 'tell this' } } as const;
const JSON_OPTION = { json: { type: 'boolean', help: 'one JSON object a line' } } as const;

const RUN = {
  ttl: {
    type: 'string',
    value: 'D',
    help: 'how long the lease lasts without a renewal; at least 1s, or never (default 30s); it is renewed every third of it',
  },
  wait: {
    type: 'string',
    value: 'D',
    help: 'how long to wait for the lock, or never to give up: never (default 0: fail at once)',
  },
  owner: { type: 'string', value: 'ID', help: 'who holds the lock, in your own words' },
  grace: {
    type: 'string',
    value: 'D',
    help: 'only the same --owner may take the lock over for so long after its lease has ended (default 0); needs --ttl',
  },
  note: { type: 'string', value: 'JSON', help: 'an object to keep in the lock file for others to read' },
  'kill-after': {
    type: 'string',
    value: 'D',
    help: 'SIGKILL comes so long after SIGTERM (default: a sixth of the ttl, at most 2s)',
  },
  margin: {
    type: 'string',
    value: 'D',
    help: 'SIGKILL comes so long before the end of the lease at the latest (default: a sixth of the ttl, at most 2s)',
  },
  quiet: { type: 'boolean', short: 'q', help: 'do not tell of waiting' },
  ...HELP,
} as const;

const STATUS = {
  ...JSON_OPTION,
  quiet: { type: 'boolean', short: 'q', help: 'print nothing; the exit code tells' },
  ...HELP,
} as const;

const RECURSIVE = { recursive: { type: 'boolean', short: 'r', help: 'also in all folders below' } } as const;

const LS = {
  ...RECURSIVE,
  watch: {
    type: 'boolean',
    short: 'w',
    help: 'look again every two seconds until interrupted: a board on a terminal, else a line for each change, free for a lock that is gone',
  },
  ...JSON_OPTION,
  quiet: { type: 'boolean', short: 'q', help: 'tell neither of progress nor that there are no locks' },
  ...HELP,
} as const;

const SWEEP = {
  ...RECURSIVE,
  'dry-run': { type: 'boolean', short: 'n', help: 'tell what would be removed, and remove nothing' },
  'older-than': {
    type: 'string',
    value: 'D',
    help: 'leave what was written more recently; never removes anything sooner than it would without',
  },
  unreadable: {
    type: 'boolean',
    help: "also remove stale *.lock files that hold no lock record; they may be anybody's, such as yarn.lock",
  },
  concurrency: { type: 'string', value: 'N', help: 'how many locks are looked at at once (default 16)' },
  all: { type: 'boolean', short: 'a', help: 'also tell what was left, and why' },
  ...JSON_OPTION,
  quiet: { type: 'boolean', short: 'q', help: 'print nothing but errors' },
  ...HELP,
} as const;

const DOCTOR = {
  ...JSON_OPTION,
  quiet: { type: 'boolean', short: 'q', help: 'print nothing; the exit code tells' },
  ...HELP,
} as const;

const UNLOCK = {
  expect: { type: 'string', value: 'ID', help: 'the id of the lock that is meant, as status and ls --json tell it' },
  reason: { type: 'string', value: 'TEXT', help: 'why, for the event stream' },
  quiet: { type: 'boolean', short: 'q', help: 'print nothing but errors' },
  ...HELP,
} as const;

const COMPLETION = { ...HELP } as const;

export const COMMANDS = {
  run: {
    usage: 'run FILE [OPTIONS] -- COMMAND [ARGS...]',
    summary: 'Starts COMMAND, without any shell, only while the lock is held.',
    operand: 'file',
    options: RUN,
  },
  status: {
    usage: 'status FILE [OPTIONS]',
    summary: 'Tells who holds the lock, since when and for how long. Changes nothing.',
    operand: 'file',
    options: STATUS,
  },
  ls: {
    usage: 'ls LOCATION [OPTIONS]',
    summary: 'Lists the locks in a folder. Changes nothing.',
    operand: 'location',
    options: LS,
  },
  sweep: {
    usage: 'sweep LOCATION [OPTIONS]',
    summary: 'Removes stale locks, and after an hour what crashed writers left.',
    operand: 'location',
    options: SWEEP,
  },
  doctor: {
    usage: 'doctor LOCATION [OPTIONS]',
    summary: 'Tries, in scratch files, whether the store of a folder is safe to lock on.',
    operand: 'location',
    options: DOCTOR,
  },
  unlock: {
    usage: 'unlock FILE --expect ID [OPTIONS]',
    summary: "Ends somebody's lock, for a person who knows better.",
    operand: 'file',
    options: UNLOCK,
  },
  completion: {
    usage: 'completion bash|zsh',
    summary: 'Prints a script that makes a shell complete these commands.',
    operand: 'shell',
    options: COMPLETION,
  },
} as const satisfies Readonly<Record<string, CommandSpec>>;

export type CommandName = keyof typeof COMMANDS;

export const COMMAND_NAMES = Object.keys(COMMANDS) as readonly CommandName[];

export function isCommand(text: string | undefined): text is CommandName {
  return text !== undefined && Object.hasOwn(COMMANDS, text);
}
