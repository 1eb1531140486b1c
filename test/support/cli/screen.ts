import { spawn, type IPty } from '@lydell/node-pty';

import { CLI, environment } from './harness.js';

/** The command line on a terminal of its own. */
export interface Screen {
  readonly terminal: IPty;
  /** Everything that it was sent. */
  readonly sent: () => string;
  /** What stands on the line of the cursor, colours left out. */
  readonly line: () => string;
  /** Every state that the line was in, colours left out. */
  readonly lines: () => readonly string[];
  readonly exitCode: Promise<number>;
}

export interface ScreenOptions {
  readonly columns: number;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** A file that standard output goes to instead. */
  readonly into?: string;
}

export function onScreen(args: readonly string[], { columns, env, into }: ScreenOptions): Screen {
  if (into === undefined) return commandOnScreen(process.execPath, [CLI, ...args], { columns, env });
  return commandOnScreen('sh', ['-c', 'exec "$@" >"$0"', into, process.execPath, CLI, ...args], { columns, env });
}

/** Any command on a terminal of its own. */
export function commandOnScreen(
  command: string,
  args: readonly string[],
  { columns, env }: Pick<ScreenOptions, 'columns'> & { readonly env?: ScreenOptions['env'] | undefined },
): Screen {
  const all = Object.entries(environment({ TERM: 'xterm-256color', ...env }));
  const terminal = spawn(command, [...args], {
    cols: columns,
    rows: 10,
    // Here undefined would become a text.
    env: Object.fromEntries(all.filter(([, value]) => value !== undefined)),
  });
  let sent = '';
  terminal.onData((text) => (sent += text));
  const exitCode = new Promise<number>((resolve) => {
    terminal.onExit((exit) => resolve(exit.exitCode));
  });
  const lines = (): readonly string[] => {
    // eslint-disable-next-line no-control-regex
    return sent.replace(/\u001b\[\d*m/g, '').split(/\r\u001b\[2K|\r\n/);
  };
  return { terminal, sent: () => sent, line: () => lines().at(-1) ?? '', lines, exitCode };
}
