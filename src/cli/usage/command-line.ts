import { readArguments, type Arguments } from './arguments.js';
import { print } from '../terminal/print.js';

/** Does what the arguments ask for and resolves with the exit code. `self` is the file that a guardian is started from. */
export async function commandLine(argv: readonly string[], self: string): Promise<number> {
  try {
    return await perform(readArguments(argv), self);
  } catch (error) {
    const { reportError } = await import('./print-error.js');
    return reportError(error);
  }
}

async function perform(args: Arguments, self: string): Promise<number> {
  // Each verb loads what it needs, so that asking for help does not load a store.
  switch (args.verb) {
    case 'run': {
      // The guardian starts up while this process loads the rest.
      const { GuardianLink } = await import('../guardian/link.js');
      const guardian = new GuardianLink(self);
      return (await import('../commands/run.js')).run(args, guardian);
    }
    case 'status':
      return (await import('../commands/status.js')).status(args);
    case 'ls':
      return (await import('../commands/ls.js')).ls(args);
    case 'sweep':
      return (await import('../commands/sweep.js')).sweep(args);
    case 'doctor':
      return (await import('../commands/doctor.js')).doctor(args);
    case 'unlock':
      return (await import('../commands/unlock.js')).unlock(args);
    case 'completion': {
      const { completionFor } = await import('../commands/completion.js');
      print(completionFor(args.shell));
      return 0;
    }
    default: {
      const { helpOn, version } = await import('./help.js');
      print(args.verb === 'help' ? helpOn(args.topic) : `${version()}\n`);
      return 0;
    }
  }
}
