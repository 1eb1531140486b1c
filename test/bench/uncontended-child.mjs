// @ts-check
// Arguments: async or sync, and the contender. Answers what one cycle of a round cost.
import { loadCycles } from './cycles.mjs';
import { median } from './figures.mjs';
import { answer } from './workshop.mjs';

/**
 * @typedef {{ file: string, ms: number }} Round
 * @typedef {{ us: number, cpuUs: number }} Cost the median time of a cycle, and its share of the CPU time of all threads
 */

const LEAST_CYCLES = 3;

const [, , mode = '', name = ''] = process.argv;
const run = await loadCycles(mode, name);

answer(async (question) => {
  const { file, ms } = /** @type {Round} */ (question);
  // What the others did meanwhile has emptied the caches.
  await run(file, (cycles) => cycles === LEAST_CYCLES);
  /** @type {number[]} */
  const stamps = [];
  const startedCpu = process.cpuUsage();
  const cycles = await run(file, (done) => {
    const nowMs = performance.now();
    stamps.push(nowMs);
    return done >= LEAST_CYCLES && nowMs - (stamps[0] ?? nowMs) >= ms;
  });
  const { user, system } = process.cpuUsage(startedCpu);
  const times = stamps.slice(1).map((stamp, cycle) => stamp - (stamps[cycle] ?? stamp));
  return { us: median(times) * 1000, cpuUs: (user + system) / cycles };
});
