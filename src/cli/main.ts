#!/usr/bin/env node
import { fileURLToPath } from 'node:url';

const args = process.argv.slice(2);

if (args[0] === 'guardian' && process.send !== undefined) {
  const { guard } = await import('./guardian/guardian.js');
  guard();
} else {
  const { commandLine } = await import('./usage/command-line.js');
  process.exitCode = await commandLine(args, fileURLToPath(import.meta.url));
}
