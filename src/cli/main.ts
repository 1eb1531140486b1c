#!/usr/bin/env node
import { parseArgs } from 'node:util';

const { values } = parseArgs({ strict: false, options: { help: { type: 'boolean', short: 'h' } } });

if (values.help === true) {
  process.stdout.write('Usage: vfs-lockfile run FILE -- COMMAND [ARGS...]\n       vfs-lockfile status FILE [--json]\n');
} else {
  process.stderr.write('vfs-lockfile: expected a subcommand, see --help\n');
  process.exitCode = 64;
}
