import { programOf } from '../tool.js';
import { print } from '../terminal/print.js';
import { COMMAND_NAMES, COMMANDS, optionsOf, type CommandName } from '../usage/commands.js';
import { EXAMPLES } from '../usage/examples.js';
import { NOTES, OVERVIEW } from '../usage/help-notes.js';
import { labelOf, textOf } from './help.js';

/** Prints the manual page, as the package contains it. `manifest`: a `package.json` with the version. */
export function man(manifest: URL): number {
  const { version } = programOf(manifest);
  print(`${manualPage(version)}\n`);
  return 0;
}

function manualPage(version: string): string {
  return [
    `.TH VFS-LOCKFILE 1 "" "vfs-lockfile ${version}" "User Commands"`,
    ...['.SH NAME', 'vfs\\-lockfile \\- locks for files on disks, SFTP servers and in buckets'],
    '.SH SYNOPSIS',
    ...COMMAND_NAMES.flatMap((name) => ['.br', `vfs\\-lockfile ${roff(COMMANDS[name].usage)}`]),
    ...['.SH DESCRIPTION', ...verbatim(OVERVIEW)],
    ...['.SH COMMANDS', ...COMMAND_NAMES.flatMap(sectionOf)],
    ...['.SH SEE ALSO', 'dist/cli/output.schema.json in the package, for the output with \\-\\-json; flock(1)'],
  ].join('\n');
}

function sectionOf(name: CommandName): readonly string[] {
  const { usage, summary } = COMMANDS[name];
  const options = optionsOf(name).flatMap(([option, spec]) => [
    ...['.TP', `.B ${roff(labelOf(option, spec))}`],
    roff(textOf(spec)),
  ]);
  return [
    ...[`.SS vfs\\-lockfile ${roff(usage)}`, roff(summary), ...options],
    ...['.PP', ...verbatim(NOTES[name]), '.PP', 'Examples:', '.PP'],
    ...verbatim(EXAMPLES[name].join('\n')),
  ];
}

/** Lines that stay as they are. */
function verbatim(text: string): readonly string[] {
  return ['.nf', ...text.trimEnd().split('\n').map(roff), '.fi'];
}

/** Text of which nothing is an instruction. */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^(?=[.'])/gm, '\\&');
}
