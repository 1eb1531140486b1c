// Draws a history of one short run in memory, as porcupine sees it, into the HTML file that is named:
// node scripts/run-ts.mjs test/proof/porcupine/picture.ts docs/linearization.html
import { resolve } from 'node:path';

import { Volume } from 'memfs';

import { memVfs } from '../../../src/backends/mem/index.js';
import { play } from '../../support/histories/play.js';
import { Porcupine } from './porcupine.js';

const [, , file = ''] = process.argv;
const volume = new Volume();
const vfs = memVfs({ volume });
await vfs.write('folder/first', Buffer.from(''));
const history = await play({ path: 'folder', rival: () => memVfs({ volume }) }, { seed: 'picture', acquisitions: 12 });
const porcupine = new Porcupine();
console.log(porcupine.judge(history, { picture: resolve(file) }));
porcupine.dispose();
