// @ts-check
// run-ts.mjs FILE.ts [ARGUMENTS]: runs a TypeScript file of this project on any supported Node.
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { compile } from './compile.mjs';

const [node = '', , file = '', ...args] = process.argv;
const folder = join(import.meta.dirname, '..', `dist.${process.pid}.run`);
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const program = await compile(resolve(file), folder);
process.setSourceMapsEnabled(true);
process.argv = [node, program, ...args];
// It runs in this process, so that signals, a terminal and messages of a parent process reach it and nobody else.
await import(pathToFileURL(program).href);
