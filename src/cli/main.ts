#!/usr/bin/env node
import { isatty } from 'node:tty';
import { fileURLToPath } from 'node:url';

import { toolOf } from './tool.js';
import type { Arguments } from './usage/arguments.js';

const self = fileURLToPath(import.meta.url);
// Only entry points have the same path under `dist` as under `src`.
const manifest = new URL('../../package.json', import.meta.url);

/** Runs the command line and resolves with its exit code. */
async function main(argv: readonly string[]): Promise<number> {
  let args: Arguments | undefined;
  try {
    const { readArguments } = await import('./usage/arguments.js');
    args = readArguments(argv, process.env);
    if (isatty(1) || isatty(2)) await (await import('./terminal/text.js')).loadWidths();
    return await perform(args);
  } catch (error) {
    const { reportError } = await import('./commands/report-error.js');
    return reportError(error, args);
  }
}

async function perform(args: Arguments): Promise<number> {
  // Each command loads only what it needs: help, for example, must not load a store.
  switch (args.verb) {
    case 'run': {
      // The guardian process starts while this process loads the rest.
      const { GuardianLink } = await import('./guardian/link.js');
      const guardian = new GuardianLink(self);
      return (await import('./commands/run.js')).run(args, guardian, toolOf(manifest));
    }
    case 'acquire':
      return (await import('./commands/acquire.js')).acquire(args, toolOf(manifest));
    case 'hold':
      return (await import('./commands/acquire.js')).hold(args, toolOf(manifest));
    case 'renew':
      return (await import('./commands/renew.js')).renew(args);
    case 'release':
      return (await import('./commands/renew.js')).release(args);
    case 'status':
      return (await import('./commands/status.js')).status(args);
    case 'ls':
      return (await import('./commands/ls.js')).ls(args);
    case 'sweep':
      return (await import('./commands/sweep.js')).sweep(args);
    case 'doctor':
      return (await import('./commands/doctor.js')).doctor(args);
    case 'unlock':
      return (await import('./commands/unlock.js')).unlock(args);
    case 'history':
      return (await import('./commands/history/history.js')).history(args);
    case 'serve':
      return (await import('./commands/serve.js')).serve(args);
    case 'completion':
      return (await import('./commands/completion.js')).completion(args);
    case 'help':
      return (await import('./commands/help.js')).help(args);
    case 'man':
      return (await import('./commands/man.js')).man(manifest);
    case 'version':
      return (await import('./commands/help.js')).version(manifest);
  }
}

const argv = process.argv.slice(2);
if (argv[0] === 'guardian' && process.send !== undefined) {
  const { guard } = await import('./guardian/guardian.js');
  guard();
} else if (argv[0] === 'complete-ids') {
  const { completeIds } = await import('./commands/ids.js');
  await completeIds(argv.slice(1));
} else {
  const code = await main(argv);
  // It is set already where standard output could not be written.
  process.exitCode ??= code;
  const { endSoon } = await import('./end-soon.js');
  endSoon(Number(process.exitCode));
}
