import { HELP, JSON_LINES, LOCK_FILE, NAMED, SILENT } from './common-options.js';
import { ACQUIRE, HISTORY, HOLD, LS, RELEASE, RENEW, SERVE, SWEEP, UNLOCK } from './options.js';
import { RUN } from './run-options.js';
import type { CommandSpec, OptionSpec } from './spec.js';

export const COMMANDS = {
  run: {
    usage: 'run FILE [OPTIONS] -- COMMAND [ARGS...]',
    summary: 'Runs COMMAND, without a shell, only while the lock is held.',
    operand: 'file',
    takesCommand: true,
    options: RUN,
  },
  acquire: {
    usage: 'acquire FILE [OPTIONS]',
    summary: 'Acquires the lock, prints its id, and leaves it held: renew and release take that id.',
    operand: 'file',
    options: ACQUIRE,
  },
  renew: {
    usage: 'renew FILE --id ID [OPTIONS]',
    summary: 'Makes a lock that acquire or hold acquired last longer.',
    operand: 'file',
    options: RENEW,
  },
  release: {
    usage: 'release FILE --id ID [OPTIONS]',
    summary: 'Releases a lock that acquire or hold acquired.',
    operand: 'file',
    options: RELEASE,
  },
  hold: {
    usage: 'hold FILE --for D [OPTIONS]',
    summary: 'Keeps others away for some time, as for maintenance, and prints the id of the lock.',
    operand: 'file',
    options: HOLD,
  },
  status: {
    usage: 'status FILE [FILE...] [OPTIONS]',
    summary: 'Shows who holds the lock, since when and for how long. Changes nothing.',
    operand: 'files',
    options: { ...NAMED, ...LOCK_FILE, ...JSON_LINES, ...SILENT, ...HELP },
  },
  ls: {
    usage: 'ls [LOCATION...] [OPTIONS]',
    summary: 'Lists the locks in folders, and those of files. Changes nothing.',
    operand: 'locations',
    operandDefault: '.',
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
  history: {
    usage: 'history FILE|LOCATION [OPTIONS]',
    summary: 'Shows what happened to a lock, or to the locks in a folder, as far as a journal was kept.',
    operand: 'file',
    options: HISTORY,
  },
  serve: {
    usage: 'serve LOCATION [OPTIONS]',
    summary: 'Serves the locks in a folder over HTTP, with a page that shows them.',
    operand: 'location',
    options: SERVE,
  },
  completion: {
    usage: 'completion bash|zsh|fish',
    summary: 'Prints a script that makes a shell complete these commands.',
    operand: 'shell',
    choices: ['bash', 'zsh', 'fish'],
    options: HELP,
  },
} as const satisfies Readonly<Record<string, CommandSpec>>;

export type CommandName = keyof typeof COMMANDS;

export const COMMAND_NAMES = Object.keys(COMMANDS) as readonly CommandName[];

export function isCommand(text: string | undefined): text is CommandName {
  return text !== undefined && Object.hasOwn(COMMANDS, text);
}

/** What the library calls the same. */
const ALIASES: Readonly<Record<string, CommandName>> = { list: 'ls', inspect: 'status', 'force-release': 'unlock' };

/** The command for a name that the library has for it; any other text as it is. */
export function commandMeant(text: string | undefined): string | undefined {
  return text !== undefined && Object.hasOwn(ALIASES, text) ? ALIASES[text] : text;
}

/** The options of a command by name, without the differences between commands. */
export function optionsOf(command: CommandName): readonly (readonly [name: string, spec: OptionSpec])[] {
  return Object.entries(COMMANDS[command].options);
}
