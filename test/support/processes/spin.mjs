// @ts-check
// Imports a package, says so, and is then too busy to listen to anything until a certain file appears.
import { existsSync } from 'node:fs';

const [, , name = '', end = ''] = process.argv;
await import(name);
process.stdout.write('ready\n');
while (!existsSync(end));
process.stdout.write('done\n');
