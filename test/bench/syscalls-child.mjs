// @ts-check
// Arguments: async or sync, the contender, the file, how many cycles. Does them, to be watched from outside.
import { loadCycles } from './cycles.mjs';

const [, , mode = '', name = '', file = '', wanted = ''] = process.argv;
const run = await loadCycles(mode, name);
await run(file, (cycles) => cycles === Number(wanted));
