import { join } from 'node:path';

import { Cached } from '../../support/cache.js';
import { areThere, lacks } from '../../support/needs.js';

/** Programs that other people load this package with. */
const PACKAGES = [
  ...['bun@1.4.5', 'deno@2.9.6', 'jest@30.5.2'],
  ...['esbuild@0.25.12', 'rollup@4', '@rollup/plugin-node-resolve@16', 'webpack@5.113.0'],
];

const cached = new Cached('consumers-1');

export const HOW_TO_GET_CONSUMERS = `npm install ${PACKAGES.join(' ')}`;

const INSTALL = `
folder=$1
shift
cd "$folder"
echo '{ "private": true }' > package.json
npm install --no-audit --no-fund --loglevel=error "$@"
`;

/** Installs the programs into a folder of their own, unless that was done before. */
export function installConsumers(): void {
  cached.fill(INSTALL, ...PACKAGES);
}

/** Why the programs cannot be run; undefined: they can. */
export function missingConsumers(): string | undefined {
  return areThere([join(cached.folder, 'whole')]) ? undefined : lacks('Bun, Deno, Jest and the bundlers');
}

/** A file of an installed program. */
export function consumer(path: string): string {
  return join(cached.folder, 'node_modules', path);
}
