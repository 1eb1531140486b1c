import { programOf } from '../tool.js';
import { print } from '../terminal/print.js';
import { wrapped } from '../terminal/text.js';
import type { HelpArguments } from '../usage/arguments.js';
import { COMMAND_NAMES, COMMANDS, optionsOf, type CommandName } from '../usage/commands.js';
import { EXAMPLES } from '../usage/examples.js';
import { NOTES, OVERVIEW } from '../usage/help-notes.js';
import type { OptionSpec } from '../usage/spec.js';

const COLUMNS = 79;

/** Prints the help on everything, or on one command, for a terminal of 80 columns. */
export function help({ topic }: HelpArguments): number {
  print(topic === undefined ? overview() : helpOn(topic));
  return 0;
}

/** Prints the version in a `package.json`. */
export function version(manifest: URL): number {
  print(`${programOf(manifest).version}\n`);
  return 0;
}

function overview(): string {
  const usages = [...COMMAND_NAMES.map((name) => COMMANDS[name].usage), 'COMMAND --help', '--version'];
  const usage = usages.map((each, i) => `${i === 0 ? 'Usage:' : '      '} vfs-lockfile ${each}`).join('\n');
  const commands = aligned(COMMAND_NAMES.map((name) => [name, COMMANDS[name].summary]));
  return `${usage}\n\n${commands}\n\n${OVERVIEW}`;
}

function helpOn(name: CommandName): string {
  const { usage, summary } = COMMANDS[name];
  const options = aligned(optionsOf(name).map(([option, spec]) => [labelOf(option, spec), textOf(spec)]));
  return [
    `Usage: vfs-lockfile ${usage}`,
    '',
    ...wrapped(summary, COLUMNS),
    '',
    options,
    '',
    NOTES[name],
    examplesText(name),
  ].join('\n');
}

function examplesText(name: CommandName): string {
  return `Examples:\n${EXAMPLES[name].map((line) => `  ${line}\n`).join('')}`;
}

/** An option as it is typed. */
export function labelOf(name: string, spec: OptionSpec): string {
  const short = spec.short === undefined ? '' : `-${spec.short}, `;
  return `${short}--${name}${spec.kind === 'flag' ? '' : ` ${spec.value}`}`;
}

/** What an option means, with its default. */
export function textOf(spec: OptionSpec): string {
  return spec.kind === 'flag' || spec.default === undefined ? spec.help : `${spec.help} (default ${spec.default})`;
}

/** Labels in a column on the left, their texts on the right. */
function aligned(entries: readonly (readonly [label: string, text: string])[]): string {
  const width = Math.max(...entries.map(([label]) => label.length));
  const lines = entries.flatMap(([label, text]) =>
    wrapped(text, COLUMNS - width - 4).map((line, i) => `  ${(i === 0 ? label : '').padEnd(width)}  ${line}`),
  );
  return lines.join('\n');
}
