import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { usageError, type CliError } from '../exit-codes.js';
import { COMMAND_NAMES, commandMeant, COMMANDS, isCommand, optionsOf, type CommandName } from './commands.js';
import type { CommandSpec, ValueSpec } from './spec.js';

/** The value of an option as it was typed. `from` names the option or the variable that it comes from. */
export interface RawSetting {
  readonly text: string;
  readonly from: string;
  readonly spec: ValueSpec;
}

type Table = typeof COMMANDS;

type CamelCase<Name extends string> = Name extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Name;

type Parsed<Spec> = Spec extends { readonly kind: 'flag' }
  ? boolean
  : Spec extends { readonly default: string } | { readonly required: true }
    ? RawSetting
    : RawSetting | undefined;

type Options<Specs> = {
  readonly [Name in Exclude<keyof Specs & string, 'help'> as CamelCase<Name>]: Parsed<Specs[Name]>;
};

type Operand<Spec> = Spec extends { readonly operand: infer Name extends 'files' | 'locations' }
  ? Readonly<Record<Name, readonly string[]>>
  : OneOperand<Spec>;

type OneOperand<Spec> = Spec extends { readonly operand: infer Name extends string }
  ? Readonly<Record<Name, Spec extends { readonly choices: readonly (infer Choice)[] } ? Choice : string>>
  : never;

type Tail<Spec> = Spec extends { readonly takesCommand: true }
  ? { readonly command: string; readonly args: readonly string[] }
  : unknown;

/** The arguments of one command, as its row in `COMMANDS` describes them. */
export type ArgumentsOf<Name extends CommandName> = { readonly verb: Name } & Operand<Table[Name]> &
  Options<Table[Name]['options']> &
  Tail<Table[Name]>;

export interface HelpArguments {
  readonly verb: 'help';
  readonly topic?: CommandName;
}

export type Arguments =
  | { readonly [Name in CommandName]: ArgumentsOf<Name> }[CommandName]
  | HelpArguments
  | { readonly verb: 'version' | 'man' };

/** Reads a command line. Throws a usage error that names the mistake. Values are read later, by `settings.ts`. */
export function readArguments(argv: readonly string[], env: NodeJS.ProcessEnv): Arguments {
  refuseMangled(argv);
  const [typed, ...rest] = argv;
  const verb = commandMeant(typed);
  if (isCommand(verb)) return readCommand(verb, rest, env);
  if (verb === '--help' || verb === '-h') return { verb: 'help' };
  if (verb === 'help') return readTopic(rest);
  if (verb === '--version' || verb === '-V') return { verb: 'version' };
  throw unexpected(verb);
}

/** Node replaces bytes that are no UTF-8, so COMMAND would get, and a lock would protect, another file than the one that was named. */
function refuseMangled(argv: readonly string[]): void {
  const mangled = argv.find((argument) => argument.includes('\ufffd'));
  if (mangled === undefined || isOwnCommandLineUtf8()) return;
  throw usageError(`the argument ${JSON.stringify(mangled)} is not UTF-8, and cannot be passed on as it is`);
}

/** Whether U+FFFD was really written. False: it was not, or nobody can tell. */
function isOwnCommandLineUtf8(): boolean {
  try {
    return isUtf8(readFileSync('/proc/self/cmdline'));
  } catch {
    return false;
  }
}

function readCommand(verb: CommandName, argv: readonly string[], env: NodeJS.ProcessEnv): Arguments {
  const spec: CommandSpec = COMMANDS[verb];
  const dashes = spec.takesCommand ? argv.indexOf('--') : -1;
  const { values, positionals } = parse(verb, dashes === -1 ? argv : argv.slice(0, dashes));
  const { help, ...typed } = values;
  if (help) return { verb: 'help', topic: verb };
  const hint = spec.takesCommand && dashes === -1 ? ' (is the -- missing?)' : '';
  const operand = readName(verb, positionals, typed) ?? readOperand(verb, positionals, hint);
  const tail = spec.takesCommand && readTail(verb, dashes === -1 ? undefined : argv.slice(dashes + 1));
  const options = optionsOf(verb).flatMap(([name, option]) => {
    if (name === 'help') return [];
    const value = option.kind === 'flag' ? typed[name] === true : settingOf(verb, name, option, typed[name], env);
    return [[name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase()), value] as const];
  });
  // Built from the same table as the type.
  return { verb, [spec.operand]: operand, ...tail, ...Object.fromEntries(options) } as Arguments;
}

/** The name in --named, which stands in the place of FILE. Undefined: FILE names the file. */
function readName(
  verb: CommandName,
  [operand]: readonly string[],
  { named: name, in: folder }: Readonly<Record<string, string | boolean | undefined>>,
): string | readonly string[] | undefined {
  if (typeof name !== 'string') {
    if (folder !== undefined) throw misuse('expected --named NAME with --in', verb);
    return undefined;
  }
  if (operand !== undefined) throw misuse(`expected either FILE or --named, not ${JSON.stringify(operand)} too`, verb);
  if (name === '' || folder === '') throw misuse(`${name === '' ? '--named' : '--in'} is empty`, verb);
  return COMMANDS[verb].operand === 'files' ? [name] : name;
}

function readOperand(verb: CommandName, typed: readonly string[], hint: string): string | readonly string[] {
  const { operand: name, choices, operandDefault }: CommandSpec = COMMANDS[verb];
  const [operand = operandDefault, extra] = typed;
  const expected = `${COMMANDS[verb].usage.replace(/ \[[^\]]*\]/g, '')}${hint}`;
  if (operand === undefined) throw misuse(`expected ${expected}`, verb);
  if (typed.includes('')) throw misuse(`${name.replace(/s$/, '').toUpperCase()} is empty`, verb);
  if (name === 'files' || name === 'locations') return typed.length > 0 ? typed : [operand];
  if (extra !== undefined)
    throw misuse(`${JSON.stringify(extra)} is one argument too many; expected ${expected}`, verb);
  if (choices?.includes(operand) ?? true) return operand;
  throw misuse(`expected ${choices?.join(' or ') ?? ''}, not ${JSON.stringify(operand)}`, verb);
}

function readTail(verb: CommandName, words: readonly string[] | undefined): Tail<Table['run']> {
  if (words === undefined) throw misuse('expected -- and a COMMAND after FILE', verb);
  const [command, ...args] = words;
  if (!command) throw misuse('expected a COMMAND after --', verb);
  return { command, args };
}

/** The option counts first, then its variable, then its default. An empty variable counts as unset: shells cannot easily unset one for a single command. */
function settingOf(
  verb: CommandName,
  name: string,
  spec: ValueSpec,
  typed: string | boolean | undefined,
  env: NodeJS.ProcessEnv,
): RawSetting | undefined {
  const option = `--${name}`;
  if (spec.required && !typed) throw misuse(`expected ${option} ${spec.value}: ${spec.help}`, verb);
  if (typeof typed === 'string') return { text: typed, from: option, spec };
  const inherited = spec.env === undefined ? undefined : env[spec.env];
  if (spec.env !== undefined && inherited) return { text: inherited, from: spec.env, spec };
  return spec.default === undefined ? undefined : { text: spec.default, from: option, spec };
}

function readTopic([typed, extra]: readonly string[]): HelpArguments | { readonly verb: 'man' } {
  if (extra !== undefined) throw misuse(`${JSON.stringify(extra)} is one argument too many; expected help COMMAND`);
  const topic = commandMeant(typed);
  if (topic === undefined) return { verb: 'help' };
  if (topic === '--man') return { verb: 'man' };
  if (isCommand(topic)) return { verb: 'help', topic };
  throw unexpected(topic);
}

function parse(verb: CommandName, argv: readonly string[]) {
  const options = optionsOf(verb).map(([name, { kind, short }]) => {
    const type: 'boolean' | 'string' = kind === 'flag' ? 'boolean' : 'string';
    return [name, short === undefined ? { type } : { type, short }] as const;
  });
  try {
    return parseArgs({ args: [...argv], options: Object.fromEntries(options), allowPositionals: true });
  } catch (cause) {
    // The rest of Node's message is advice that does not fit here.
    const [first = ''] = (cause as Error).message.split(/[.\n]/, 1);
    throw misuse(first.charAt(0).toLowerCase() + first.slice(1), verb, { cause });
  }
}

function unexpected(typed: string | undefined): CliError {
  const names = `${COMMAND_NAMES.slice(0, -1).join(', ')} or ${COMMAND_NAMES.at(-1) ?? ''}`;
  return misuse(typed === undefined ? `expected ${names}` : `expected ${names}, not ${JSON.stringify(typed)}`);
}

function misuse(problem: string, command?: CommandName, options?: ErrorOptions): CliError {
  const help = command === undefined ? '--help' : `${command} --help`;
  return usageError(`${problem}; see vfs-lockfile ${help}`, options);
}
