import { print } from '../terminal/print.js';
import type { ArgumentsOf } from '../usage/arguments.js';
import { COMMAND_NAMES, COMMANDS, optionsOf, type CommandName } from '../usage/commands.js';
import type { CommandSpec, OptionSpec } from '../usage/spec.js';
import { fish } from './completion-fish.js';
import { ID_OPTIONS, OTHER_WORDS } from './completion-words.js';

const SHELLS = COMMANDS.completion.choices;

/** After `--` another command line follows. */
const BASH_AFTER_DASHES = `  if [[ $command == run ]]; then
    for ((i = 2; i < COMP_CWORD; i++)); do
      [[ \${COMP_WORDS[i]} == -- ]] || continue
      if ((i + 1 == COMP_CWORD)); then
        mapfile -t COMPREPLY < <(compgen -c -- "$word")
      elif declare -F _command_offset >/dev/null; then
        _command_offset $((i + 1))
      else
        compopt -o default 2>/dev/null
      fi
      return
    done
  fi
`;

const BASH_IDS = `_vfs_lockfile_ids() {
  local id
  while IFS= read -r id; do
    [[ $id =~ ^[A-Za-z0-9._-]+$ && $id == "$1"* ]] && COMPREPLY+=("$id")
  done < <(vfs-lockfile complete-ids bash "\${COMP_WORDS[@]:1}" 2>/dev/null </dev/null)
}
`;

const ZSH_IDS = `_vfs_lockfile_ids() {
  local -a ids
  ids=(\${(f)"$(vfs-lockfile complete-ids zsh "\${(@Q)words}" 2>/dev/null </dev/null)"})
  ids=(\${ids:#*[^A-Za-z0-9._-]*})
  (($#ids)) && compadd -a ids
}
`;

/** Prints a script that makes a shell complete all words after `vfs-lockfile`. It starts that only for the id of a lock. */
export function completion({ shell }: ArgumentsOf<'completion'>): number {
  print({ bash, zsh, fish }[shell]());
  return 0;
}

function bash(): string {
  const cases = COMMAND_NAMES.map((name) => `    ${name}) options='${optionNames(name).join(' ')}' ;;`).join('\n');
  const valued = [...new Set(COMMAND_NAMES.flatMap((name) => valuedNames(name)))].join('|');
  const location = COMMAND_NAMES.filter((name) => operandOf(name).startsWith('location')).join('|');
  return `# Completion of vfs-lockfile for bash: source <(vfs-lockfile completion bash)
${BASH_IDS}_vfs_lockfile() {
  local word=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} command=\${COMP_WORDS[1]} options i
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W '${[...COMMAND_NAMES, ...Object.keys(OTHER_WORDS)].join(' ')}' -- "$word")
    return
  fi
${BASH_AFTER_DASHES}  case $previous in
    ${ID_OPTIONS.map((name) => `--${name}`).join('|')}) _vfs_lockfile_ids "$word"; return ;;
    ${valued}) return ;;
  esac
  case $command in
${cases}
    help) mapfile -t COMPREPLY < <(compgen -W '${COMMAND_NAMES.join(' ')}' -- "$word"); return ;;
    *) return ;;
  esac
  if [[ $word == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
    return
  fi
  case $command in
    completion) mapfile -t COMPREPLY < <(compgen -W '${SHELLS.join(' ')}' -- "$word") ;;
    ${location}) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
    *) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$word" | sed 's/\\.lock$//' | sort -u) ;;
  esac
}
complete -F _vfs_lockfile vfs-lockfile
`;
}

function zsh(): string {
  const first = [
    ...COMMAND_NAMES.map((name) => `${name}:${COMMANDS[name].summary}`),
    ...Object.entries(OTHER_WORDS).map(([name, text]) => (text === '' ? name : `${name}:${text}`)),
  ];
  const cases = COMMAND_NAMES.map((name) => `    ${name})\n      _arguments -s ${zshArguments(name)} ;;`).join('\n');
  return `#compdef vfs-lockfile
# Completion of vfs-lockfile for zsh: source <(vfs-lockfile completion zsh)
${ZSH_IDS}_vfs_lockfile() {
  if ((CURRENT == 2)); then
    local -a first
    first=(${first.map(quoted).join(' ')})
    _describe command first
    return
  fi
  local command=$words[2]
  if [[ $command == run ]]; then
    integer end=\${words[(i)--]}
    if ((end < CURRENT)); then
      words=("\${(@)words[end + 1,-1]}")
      ((CURRENT -= end))
      _normal
      return
    fi
  fi
  words=("\${(@)words[2,-1]}")
  ((CURRENT -= 1))
  case $command in
${cases}
    help) _values command ${COMMAND_NAMES.join(' ')} ;;
  esac
}
compdef _vfs_lockfile vfs-lockfile
`;
}

function zshArguments(name: CommandName): string {
  const options = optionsOf(name).map(([option, spec]) => zshOption(option, spec));
  const operands = {
    file: '1:file:_files',
    files: '*:file:_files',
    location: '1:folder:_path_files -/',
    locations: '*:folder:_path_files -/',
    shell: `1:shell:(${SHELLS.join(' ')})`,
  };
  return [...options, quoted(operands[operandOf(name)])].join(' \\\n        ');
}

function zshOption(name: string, spec: OptionSpec): string {
  const { short, help } = spec;
  const value = spec.kind === 'flag' ? undefined : spec.value;
  const escaped = help.replace(/[[\]:\\]/g, '\\\\$&');
  const rest = quoted(
    `[${escaped}]${value === undefined ? '' : `:${value}:${ID_OPTIONS.includes(name) ? '_vfs_lockfile_ids' : ''}`}`,
  );
  const equals = value === undefined ? '' : '=';
  if (short === undefined) return `--${name}${equals}${rest}`;
  return `${quoted(`(-${short} --${name})`)}{-${short},--${name}${equals}}${rest}`;
}

function optionNames(name: CommandName): readonly string[] {
  return optionsOf(name).flatMap(([option, { short }]) => [
    ...(short === undefined ? [] : [`-${short}`]),
    `--${option}`,
  ]);
}

function valuedNames(name: CommandName): readonly string[] {
  return optionsOf(name).flatMap(([option, { kind }]) => (kind === 'flag' ? [] : [`--${option}`]));
}

function operandOf(name: CommandName): CommandSpec['operand'] {
  return COMMANDS[name].operand;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
