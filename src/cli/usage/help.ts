import { readFileSync } from 'node:fs';

import { COMMAND_NAMES, COMMANDS, type CommandName, type CommandSpec, type OptionSpec } from './commands.js';
import { NOTES, OVERVIEW } from './help-notes.js';
import { wrapped } from '../terminal/terminal.js';

const COLUMNS = 79;

/** The help on everything, or on one command. Fits into 80 columns. */
export function helpOn(topic?: CommandName): string {
  return topic === undefined ? overview() : `${helpOnCommand(COMMANDS[topic])}\n${NOTES[topic]}`;
}

export function version(): string {
  const manifest = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { readonly version: string }).version;
}

function overview(): string {
  const usages = [...COMMAND_NAMES.map((name) => COMMANDS[name].usage), 'COMMAND --help', '--version'];
  const usage = usages.map((each, i) => `${i === 0 ? 'Usage:' : '      '} vfs-lockfile ${each}`).join('\n');
  const commands = listed(COMMAND_NAMES.map((name) => [name, COMMANDS[name].summary]));
  return `${usage}\n\n${commands}\n\n${OVERVIEW}`;
}

function helpOnCommand({ usage, summary, options }: CommandSpec): string {
  const told = listed(Object.entries(options).map(([name, option]) => [labelOf(name, option), option.help]));
  return [`Usage: vfs-lockfile ${usage}`, '', ...wrapped(summary, COLUMNS), '', told, ''].join('\n');
}

function labelOf(name: string, { short, value }: OptionSpec): string {
  return `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`;
}

/** Labels on the left, lined up, and what they mean on the right. */
function listed(entries: readonly (readonly [label: string, text: string])[]): string {
  const width = Math.max(...entries.map(([label]) => label.length));
  const lines = entries.flatMap(([label, text]) =>
    wrapped(text, COLUMNS - width - 4).map((line, i) => `  ${(i === 0 ? label : '').padEnd(width)}  ${line}`),
  );
  return lines.join('\n');
}
