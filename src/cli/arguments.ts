import { parseArgs, type ParseArgsConfig } from 'node:util';

import { Complaint } from './complaint.js';
import { EXIT } from './exit-codes.js';

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
}

export type Arguments = RunArguments | StatusArguments | { readonly verb: 'help' | 'version' };

const HELP = { help: { type: 'boolean', short: 'h' } } as const;
const RUN = {
  ...HELP,
  ttl: { type: 'string' },
  wait: { type: 'string' },
  owner: { type: 'string' },
  grace: { type: 'string' },
  note: { type: 'string' },
  'kill-after': { type: 'string' },
  margin: { type: 'string' },
  quiet: { type: 'boolean', short: 'q' },
} as const;
const STATUS = { ...HELP, json: { type: 'boolean' } } as const;

/** Throws a usage `Complaint` that names what is wrong. */
export function readArguments(argv: readonly string[]): Arguments {
  const [verb, ...rest] = argv;
  if (verb === 'run') return runArguments(rest);
  if (verb === 'status') return statusArguments(rest);
  if (verb === '--help' || verb === '-h' || verb === 'help') return { verb: 'help' };
  if (verb === '--version') return { verb: 'version' };
  throw misuse(verb === undefined ? 'expected run or status' : `expected run or status, not ${JSON.stringify(verb)}`);
}

function runArguments(argv: readonly string[]): Arguments {
  const end = argv.indexOf('--');
  const { values, positionals } = parse(end === -1 ? argv : argv.slice(0, end), RUN);
  if (values.help) return { verb: 'help' };
  const file = onlyFile(positionals, end === -1 ? 'run FILE -- COMMAND (is the -- missing?)' : 'run FILE -- COMMAND');
  if (end === -1) throw misuse('expected -- and a COMMAND after FILE');
  const [command, ...args] = argv.slice(end + 1);
  if (command === undefined || command === '') throw misuse('expected a COMMAND after --');
  const { ttl, wait, owner, grace, note, margin, quiet = false, 'kill-after': killAfter } = values;
  return { verb: 'run', file, command, args, ttl, wait, owner, grace, note, killAfter, margin, quiet };
}

function statusArguments(argv: readonly string[]): Arguments {
  const { values, positionals } = parse(argv, STATUS);
  if (values.help) return { verb: 'help' };
  return { verb: 'status', file: onlyFile(positionals, 'status FILE'), json: values.json ?? false };
}

function onlyFile(positionals: readonly string[], expected: string): string {
  const [file, extra] = positionals;
  if (file === undefined) throw misuse(`expected ${expected}`);
  if (file === '') throw misuse('FILE is empty');
  if (extra !== undefined) throw misuse(`${JSON.stringify(extra)} is one argument too many; expected ${expected}`);
  return file;
}

function parse<T extends NonNullable<ParseArgsConfig['options']>>(argv: readonly string[], options: T) {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true });
  } catch (cause) {
    // Node's messages go on with advice that does not fit here.
    const [first = ''] = (cause as Error).message.split(/[.\n]/, 1);
    throw misuse(first.charAt(0).toLowerCase() + first.slice(1), cause);
  }
}

function misuse(problem: string, cause?: unknown): Complaint {
  return new Complaint(EXIT.usage, `${problem}; see vfs-lockfile --help`, { cause });
}
