import { homedir } from 'node:os';
import { parseArgs } from 'node:util';

import { inspect } from '../../lock/inspect.js';
import { print } from '../terminal/print.js';
import { isCommand, optionsOf, type CommandName } from '../usage/commands.js';
import type { RawSetting } from '../usage/arguments.js';
import { openLock } from '../usage/target.js';

/** Who presses the tab key waits for no store any longer. */
const LIMIT_MS = 2000;

/** A shell inserts no other id: lock files are written by others. */
const HARMLESS = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/**
 * For the completion scripts: prints the id of the lock that a command line is about, if it can be read soon. `words` begin with the
 * command, as zsh and fish split them or as bash has them in `COMP_WORDS`.
 */
export async function completeIds([shell, ...words]: readonly string[]): Promise<void> {
  // Not even `exit` ends a process of which a thread waits for a disk that hangs.
  const limit = setTimeout(() => process.kill(process.pid, 'SIGKILL'), LIMIT_MS);
  try {
    const [command, ...args] = shell === 'bash' ? wordsOfBash(words) : words;
    const id = isCommand(command) ? await idFor(command, args) : undefined;
    if (id !== undefined && HARMLESS.test(id)) print(`${id}\n`);
  } catch {
    // There is nothing to offer.
  } finally {
    limit.unref();
  }
}

async function idFor(command: CommandName, args: readonly string[]): Promise<string | undefined> {
  const options = Object.fromEntries(
    optionsOf(command).map(([name, { kind }]) => [
      name,
      { type: kind === 'flag' ? ('boolean' as const) : ('string' as const) },
    ]),
  );
  const { values, positionals } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true });
  const setting = (name: string): RawSetting | undefined => {
    const text = values[name];
    const spec = { kind: 'text', value: '', help: '' } as const;
    return typeof text === 'string' && text !== '' ? { text, from: `--${name}`, spec } : undefined;
  };
  const named = setting('named');
  const file = named?.text ?? positionals[0];
  if (file === undefined) return undefined;
  const lock = await openLock({ file, named, in: setting('in'), lockFile: setting('lock-file') });
  return (await inspect(lock.file, lock.options)).id;
}

/** Bash splits words at colons and equals signs, and leaves their quotes and backslashes in them. */
function wordsOfBash(words: readonly string[]): readonly string[] {
  const joined: string[] = [];
  let glued = false;
  for (const word of words) {
    const isGlue = /^[:=]+$/.test(word);
    if ((isGlue || glued) && joined.length > 0) joined.push(`${joined.pop() ?? ''}${word}`);
    else joined.push(word);
    glued = isGlue;
  }
  return joined.map(unquoted);
}

function unquoted(word: string): string {
  return word
    .replace(/^~(?=\/)/, () => homedir())
    .replace(
      /\\(.)|'([^']*)'|"((?:[^"\\]|\\.)*)"/gs,
      (_, escaped?: string, single?: string, double?: string) =>
        escaped ?? single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? '',
    );
}
