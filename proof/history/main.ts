// Follows the history of a torture run through the model, and names the first line that is no behaviour of it:
// node scripts/run-ts.mjs proof/history/main.ts FOLDER [--repeats]
// With --repeats, clients may repeat a request whose answer was lost.
import { parseArgs } from 'node:util';

import { readJournals } from '../../test/proof/torture/journal.mjs';
import { refusalOf } from './check.js';

const { values, positionals } = parseArgs({
  options: { repeats: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const history = readJournals(positionals[0] ?? '.');
const lines = [...history.values()].reduce((sum, events) => sum + events.length, 0);
if (lines === 0) throw new Error('no history in this folder');
const refusal = refusalOf(history, values);
console.log(refusal ? `refused: ${refusal}` : `the model allows all ${String(lines)} lines`);
process.exitCode = refusal ? 1 : 0;
