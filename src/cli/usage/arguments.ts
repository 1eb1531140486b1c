import { parseArgs, type ParseArgsConfig } from 'node:util';

import { COMMAND_NAMES, COMMANDS, isCommand, type CommandName } from './commands.js';
import { CliError } from './error.js';
import { EXIT } from '../exit-codes.js';

/** What `run` was asked for, its values still as they were typed. */
export interface RunArguments {
  readonly verb: 'run';
  readonly file: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly ttl: string | undefined;
  readonly wait: string | undefined;
  readonly owner: string | undefined;
  readonly grace: string | undefined;
  readonly note: string | undefined;
  readonly killAfter: string | undefined;
  readonly margin: string | undefined;
  readonly quiet: boolean;
}

export interface StatusArguments {
  readonly verb: 'status';
  readonly file: string;
  readonly json: boolean;
  readonly quiet: boolean;
}

export interface ListArguments {
  readonly verb: 'ls';
  readonly location: string;
  readonly recursive: boolean;
  readonly watch: boolean;
  readonly json: boolean;
  readonly quiet: boolean;
}

export interface SweepArguments {
  readonly verb: 'sweep';
  readonly location: string;
  readonly recursive: boolean;
  readonly dryRun: boolean;
  readonly olderThan: string | undefined;
  readonly unreadable: boolean;
  readonly concurrency: string | undefined;
  readonly all: boolean;
  readonly json: boolean;
  readonly quiet: boolean;
}

export interface DoctorArguments {
  readonly verb: 'doctor';
  readonly location: string;
  readonly json: boolean;
  readonly quiet: boolean;
}

export interface UnlockArguments {
  readonly verb: 'unlock';
  readonly file: string;
  readonly expect: string;
  readonly reason: string | undefined;
  readonly quiet: boolean;
}

export interface CompletionArguments {
  readonly verb: 'completion';
  readonly shell: 'bash' | 'zsh';
}

export type Arguments =
  | RunArguments
  | StatusArguments
  | ListArguments
  | SweepArguments
  | DoctorArguments
  | UnlockArguments
  | CompletionArguments
  | { readonly verb: 'help'; readonly topic?: CommandName }
  | { readonly verb: 'version' };

const READERS: Readonly<Record<CommandName, (argv: readonly string[]) => Arguments>> = {
  run: runArguments,
  status: statusArguments,
  ls: listArguments,
  sweep: sweepArguments,
  doctor: doctorArguments,
  unlock: unlockArguments,
  completion: completionArguments,
};

/** Throws a usage `Complaint` that names what is wrong. */
export function readArguments(argv: readonly string[]): Arguments {
  const [verb, ...rest] = argv;
  if (isCommand(verb)) return READERS[verb](rest);
  if (verb === '--help' || verb === '-h') return { verb: 'help' };
  if (verb === 'help') return helpArguments(rest);
  if (verb === '--version') return { verb: 'version' };
  throw unexpected(verb);
}

function runArguments(argv: readonly string[]): Arguments {
  const end = argv.indexOf('--');
  const { values, positionals } = parse('run', end === -1 ? argv : argv.slice(0, end), COMMANDS.run.options);
  if (values.help) return { verb: 'help', topic: 'run' };
  const expected = end === -1 ? 'run FILE -- COMMAND (is the -- missing?)' : 'run FILE -- COMMAND';
  const file = onlyOperand('run', positionals, 'FILE', expected);
  if (end === -1) throw misuse('expected -- and a COMMAND after FILE', 'run');
  const [command, ...args] = argv.slice(end + 1);
  if (command === undefined || command === '') throw misuse('expected a COMMAND after --', 'run');
  const { ttl, wait, owner, grace, note, margin, quiet = false, 'kill-after': killAfter } = values;
  return { verb: 'run', file, command, args, ttl, wait, owner, grace, note, killAfter, margin, quiet };
}

function statusArguments(argv: readonly string[]): Arguments {
  const { values, positionals } = parse('status', argv, COMMANDS.status.options);
  if (values.help) return { verb: 'help', topic: 'status' };
  const { json = false, quiet = false } = values;
  return { verb: 'status', file: onlyOperand('status', positionals, 'FILE'), json, quiet };
}

function listArguments(argv: readonly string[]): Arguments {
  const { values, positionals } = parse('ls', argv, COMMANDS.ls.options);
  if (values.help) return { verb: 'help', topic: 'ls' };
  const { recursive = false, watch = false, json = false, quiet = false } = values;
  return { verb: 'ls', location: onlyOperand('ls', positionals, 'LOCATION'), recursive, watch, json, quiet };
}

function sweepArguments(argv: readonly string[]): Arguments {
  const { values, positionals } = parse('sweep', argv, COMMANDS.sweep.options);
  if (values.help) return { verb: 'help', topic: 'sweep' };
  const { recursive = false, unreadable = false, all = false, json = false, quiet = false } = values;
  const { concurrency, 'older-than': olderThan, 'dry-run': dryRun = false } = values;
  const location = onlyOperand('sweep', positionals, 'LOCATION');
  return { verb: 'sweep', location, recursive, dryRun, olderThan, unreadable, concurrency, all, json, quiet };
}

function doctorArguments(argv: readonly string[]): Arguments {
  const { values, positionals } = parse('doctor', argv, COMMANDS.doctor.options);
  if (values.help) return { verb: 'help', topic: 'doctor' };
  const { json = false, quiet = false } = values;
  return { verb: 'doctor', location: onlyOperand('doctor', positionals, 'LOCATION'), json, quiet };
}

function unlockArguments(argv: readonly string[]): Arguments {
  const { values, positionals } = parse('unlock', argv, COMMANDS.unlock.options);
  if (values.help) return { verb: 'help', topic: 'unlock' };
  const file = onlyOperand('unlock', positionals, 'FILE', 'unlock FILE --expect ID');
  const { expect, reason, quiet = false } = values;
  if (!expect) throw misuse('expected --expect ID, as status tells it: no lock is ended blindly', 'unlock');
  return { verb: 'unlock', file, expect, reason, quiet };
}

function completionArguments(argv: readonly string[]): Arguments {
  const { values, positionals } = parse('completion', argv, COMMANDS.completion.options);
  if (values.help) return { verb: 'help', topic: 'completion' };
  const shell = onlyOperand('completion', positionals, 'a shell', 'completion bash or completion zsh');
  if (shell === 'bash' || shell === 'zsh') return { verb: 'completion', shell };
  throw misuse(`expected bash or zsh, not ${JSON.stringify(shell)}`, 'completion');
}

function helpArguments([topic, extra]: readonly string[]): Arguments {
  if (extra !== undefined) throw misuse(`${JSON.stringify(extra)} is one argument too many; expected help COMMAND`);
  if (topic === undefined) return { verb: 'help' };
  if (isCommand(topic)) return { verb: 'help', topic };
  throw unexpected(topic);
}

function onlyOperand(
  command: CommandName,
  [operand, extra]: readonly string[],
  name: string,
  expected = `${command} ${name}`,
): string {
  if (operand === undefined) throw misuse(`expected ${expected}`, command);
  if (operand === '') throw misuse(`${name} is empty`, command);
  if (extra === undefined) return operand;
  throw misuse(`${JSON.stringify(extra)} is one argument too many; expected ${expected}`, command);
}

function parse<T extends NonNullable<ParseArgsConfig['options']>>(
  command: CommandName,
  argv: readonly string[],
  options: T,
) {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true });
  } catch (cause) {
    // Node's messages go on with advice that does not fit here.
    const [first = ''] = (cause as Error).message.split(/[.\n]/, 1);
    throw misuse(first.charAt(0).toLowerCase() + first.slice(1), command, cause);
  }
}

function unexpected(typed: string | undefined): CliError {
  const names = `${COMMAND_NAMES.slice(0, -1).join(', ')} or ${COMMAND_NAMES.at(-1) ?? ''}`;
  return misuse(typed === undefined ? `expected ${names}` : `expected ${names}, not ${JSON.stringify(typed)}`);
}

function misuse(problem: string, command?: CommandName, cause?: unknown): CliError {
  const help = command === undefined ? '--help' : `${command} --help`;
  return new CliError(EXIT.usage, `${problem}; see vfs-lockfile ${help}`, { cause });
}
