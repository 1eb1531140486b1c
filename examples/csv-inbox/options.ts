import { parseArgs } from 'node:util';

export interface Options {
  readonly workers: number;
  /** The path or URI of the inbox as the user wrote it. Undefined: a folder in the temporary folder of this run. */
  readonly inbox: string | undefined;
  /** Whether to work on fewer and smaller files. */
  readonly quick: boolean;
  readonly keep: boolean;
  /** The file that the run is drawn into. Undefined: it is not drawn. */
  readonly timeline: string | undefined;
  readonly help: boolean;
}

export const USAGE = `Usage: npm start -- [--workers N] [--inbox DIR|URI] [--quick] [--keep]
                    [--timeline FILE]

Processes an inbox of CSV files with several worker processes, kills one of them
halfway through a file, and checks that every file was processed exactly once.

  --workers N      how many worker processes, from 2 to 32 (default: 4)
  --inbox DIR|URI  an empty or new folder to use as the inbox (default: a temporary one)
  --quick          fewer and smaller files
  --keep           leave the archived files and the summary in place
  --timeline FILE  draw who held and who waited for which lock: a page, or a
                   picture if FILE ends with .svg
  --help           show this text

Exit codes: 0 success, 1 a check failed, 64 wrong usage.
`;

/** The arguments cannot be used. The message says why. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export function parseOptions(args: readonly string[]): Options {
  const { workers, ...others } = parseArguments(args);
  if (!/^\d+$/.test(workers) || Number(workers) < 2 || Number(workers) > 32) {
    throw new UsageError(`--workers must be a whole number from 2 to 32, not ${JSON.stringify(workers)}`);
  }
  if (others.inbox === '') throw new UsageError('--inbox must name a folder, not nothing');
  if (others.timeline === '') throw new UsageError('--timeline must name a file, not nothing');
  return { workers: Number(workers), ...others };
}

function parseArguments(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        workers: { type: 'string', default: '4' },
        inbox: { type: 'string' },
        quick: { type: 'boolean', default: false },
        timeline: { type: 'string' },
        keep: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    return { inbox: undefined, timeline: undefined, ...values };
  } catch (cause) {
    throw new UsageError((cause as Error).message, { cause });
  }
}
