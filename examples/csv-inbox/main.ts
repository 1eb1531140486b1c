import { demonstrate } from './demo.js';
import { parseOptions, USAGE, UsageError } from './options.js';
import { Screen } from './screen.js';

const WORKER = new URL('worker.js', import.meta.url);
const EXIT_FAILED = 1;
const EXIT_USAGE = 64;
const EXIT_SIGNALLED = { SIGINT: 130, SIGTERM: 143 } as const;

const interrupted = new AbortController();
for (const signal of Object.keys(EXIT_SIGNALLED) as (keyof typeof EXIT_SIGNALLED)[]) {
  process.once(signal, () => interrupted.abort(signal));
}

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  const screen = new Screen(process.stdout);
  if (options.help) {
    screen.print(USAGE);
    return 0;
  }
  const problems = await demonstrate(options, { program: WORKER, screen, signal: interrupted.signal });
  for (const problem of problems) screen.print(`FAILED: ${problem}`);
  if (problems.length > 0) return EXIT_FAILED;
  screen.print('Every file was processed exactly once, and every figure is right.');
  return 0;
}

function exitCodeOf(error: unknown): number {
  if (interrupted.signal.aborted) return EXIT_SIGNALLED[interrupted.signal.reason as keyof typeof EXIT_SIGNALLED];
  if (error instanceof UsageError) {
    console.error(`${error.message}\n\n${USAGE}`);
    return EXIT_USAGE;
  }
  console.error(error);
  return EXIT_FAILED;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}
