import { readFileSync } from 'node:fs';

import { COMMAND_NAMES, COMMANDS, type CommandName, type CommandSpec, type OptionSpec } from './commands.js';
import { NOTES, OVERVIEW } from './help-notes.js';

const COLUMNS = 79;
const LABEL_COLUMNS = 18;

/** The help on everything, or on one command. Fits into 80 columns. */
export function helpOn(topic?: CommandName): string {
  return topic === undefined ? overview() : `${helpOnCommand(COMMANDS[topic])}\n${NOTES[topic]}`;
}

export function version(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { readonly version: string }).version;
}

function overview(): string {
  const usages = [...COMMAND_NAMES.map((name) => COMMANDS[name].usage), 'COMMAND --help', '--version'];
  const usage = usages.map((each, i) => `${i === 0 ? 'Usage:' : '      '} vfs-lockfile ${each}`).join('\n');
  const commands = COMMAND_NAMES.map((name) => labelled(name, COMMANDS[name].summary, 12)).join('\n');
  return `${usage}\n\n${commands}\n\n${OVERVIEW}`;
}

function helpOnCommand({ usage, summary, options }: CommandSpec): string {
  const lines = Object.entries(options).map(([name, option]) => labelled(labelOf(name, option), option.help));
  return [`Usage: vfs-lockfile ${usage}`, '', ...wrapped(summary, COLUMNS), '', ...lines, ''].join('\n');
}

function labelOf(name: string, { short, value }: OptionSpec): string {
  return `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`;
}

function labelled(label: string, text: string, columns = LABEL_COLUMNS): string {
  const [first = '', ...others] = wrapped(text, COLUMNS - columns);
  const margin = ' '.repeat(columns);
  return [`  ${label.padEnd(columns - 4)}  ${first}`, ...others.map((line) => margin + line)].join('\n');
}

function wrapped(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= columns) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
