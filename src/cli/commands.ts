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
} as const satisfies Readonly<Record<string, CommandSpec>>;

export type CommandName = keyof typeof COMMANDS;

export const COMMAND_NAMES = Object.keys(COMMANDS) as readonly CommandName[];

export function isCommand(text: string | undefined): text is CommandName {
  return text !== undefined && Object.hasOwn(COMMANDS, text);
}
