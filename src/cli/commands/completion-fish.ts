import { COMMAND_NAMES, COMMANDS, optionsOf, type CommandName } from '../usage/commands.js';
import type { OptionSpec } from '../usage/spec.js';
import { ID_OPTIONS, OTHER_WORDS } from './completion-words.js';

const FUNCTIONS = `function __vfs_lockfile_first
  test (count (commandline -opc)) -eq 1
end
function __vfs_lockfile_dashes
  set -l words (commandline -opc)
  test "$words[2]" = run; and contains -i -- -- $words
end
function __vfs_lockfile_is
  set -l words (commandline -opc)
  test "$words[2]" = $argv[1]; and not __vfs_lockfile_dashes >/dev/null
end
function __vfs_lockfile_subcommand
  set -l words (commandline -opc)
  set -e words[1..(__vfs_lockfile_dashes)]
  complete -C (string join ' ' -- (string escape -- $words) (commandline -ct))
end
function __vfs_lockfile_files
  __fish_complete_path (commandline -ct) | string replace -r '\\.lock(?=\\t|$)' '' | sort -u
end
function __vfs_lockfile_ids
  set -l words (commandline -opc)
  vfs-lockfile complete-ids fish $words[2..-1] 2>/dev/null </dev/null | string match -r '^[A-Za-z0-9._-]+$'
end
`;

const OPERANDS: Readonly<Record<ReturnType<typeof operandOf>, string>> = {
  file: '(__vfs_lockfile_files)',
  files: '(__vfs_lockfile_files)',
  location: '(__fish_complete_directories (commandline -ct))',
  locations: '(__fish_complete_directories (commandline -ct))',
  shell: COMMANDS.completion.choices.join(' '),
};

/** Before the `--` of run fish offers what belongs to a command, and behind it what that other command takes. */
export function fish(): string {
  const first = [
    ...COMMAND_NAMES.map((name) => [name, COMMANDS[name].summary] as const),
    ...Object.entries(OTHER_WORDS),
  ].map(([word, text]) => complete('__vfs_lockfile_first', ['-a', quoted(word), ...described(text)]));
  return [
    '# Completion of vfs-lockfile for fish: vfs-lockfile completion fish | source\n',
    FUNCTIONS,
    'complete -c vfs-lockfile -e\ncomplete -c vfs-lockfile -f\n',
    ...first,
    complete('__vfs_lockfile_is help', ['-a', quoted(COMMAND_NAMES.join(' '))]),
    ...COMMAND_NAMES.flatMap(ofCommand),
    complete('__vfs_lockfile_dashes >/dev/null', ['-a', quoted('(__vfs_lockfile_subcommand)')]),
  ].join('');
}

function ofCommand(name: CommandName): readonly string[] {
  const condition = `__vfs_lockfile_is ${name}`;
  const options = optionsOf(name).map(([option, spec]) => complete(condition, ofOption(option, spec)));
  return [...options, complete(condition, ['-a', quoted(OPERANDS[operandOf(name)])])];
}

function ofOption(name: string, spec: OptionSpec): readonly string[] {
  const { short, help } = spec;
  const choices = spec.kind === 'flag' ? '' : (spec.choices ?? []).join(' ');
  const values = ID_OPTIONS.includes(name) ? '(__vfs_lockfile_ids)' : choices;
  return [
    ...(short === undefined ? [] : ['-s', short]),
    ...['-l', name],
    ...(spec.kind === 'flag' ? [] : ['-x']),
    ...(values === '' ? [] : ['-a', quoted(values)]),
    ...described(help),
  ];
}

function complete(condition: string, rest: readonly string[]): string {
  return `complete -c vfs-lockfile -n ${quoted(condition)} ${rest.join(' ')}\n`;
}

function described(text: string): readonly string[] {
  return text === '' ? [] : ['-d', quoted(text)];
}

function operandOf(name: CommandName): (typeof COMMANDS)[CommandName]['operand'] {
  return COMMANDS[name].operand;
}

/** Within single quotes fish knows only these two escapes. */
function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
