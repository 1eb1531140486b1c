// @ts-check
// Arguments: the contender, or 'busy' for computing without any lock. Answers how long the event loop was kept from turning while it locks and unlocks.
import { clearImmediate } from 'node:timers';
import { setImmediate as turn } from 'node:timers/promises';

import { asynchronous } from './contenders.mjs';
import { found } from './cycles.mjs';
import { quantile } from './figures.mjs';
import { answer } from './workshop.mjs';

/**
 * @typedef {{ files: readonly string[], ms: number }} Load locked and unlocked all at once, again and again
 * @typedef {{ cycles: number, turns: number, p50: number, p99: number, max: number, over: number }} Gaps in milliseconds;
 *   `over` is the share of the time that passed in gaps of more than a millisecond
 */

const BUSY_MS = 0.5;

const [, , name = ''] = process.argv;
const cycle = name === 'busy' ? computeAndTurn : await found(asynchronous, name).load();

answer(async (question) => {
  const { files, ms } = /** @type {Load} */ (question);
  for (let warm = 0; warm < 20; warm += 1) await Promise.all(files.map((file) => cycle(file)));
  const watch = watchTurns();
  const startedMs = performance.now();
  let cycles = 0;
  for (; performance.now() - startedMs < ms; cycles += files.length)
    await Promise.all(files.map((file) => cycle(file)));
  // The last gap is over when the loop has turned.
  await turn();
  return { cycles, ...watch.stop() };
});

async function computeAndTurn() {
  const startedMs = performance.now();
  while (performance.now() - startedMs < BUSY_MS);
  await turn();
}

function watchTurns() {
  /** @type {number[]} */
  const gaps = [];
  let lastMs = performance.now();
  let next = setImmediate(note);
  function note() {
    const nowMs = performance.now();
    gaps.push(nowMs - lastMs);
    lastMs = nowMs;
    next = setImmediate(note);
  }
  return {
    stop: () => {
      clearImmediate(next);
      const sum = (/** @type {readonly number[]} */ values) => values.reduce((total, value) => total + value, 0);
      const [p50, p99, max] = [0.5, 0.99, 1].map((share) => quantile(gaps, share));
      return { turns: gaps.length, p50, p99, max, over: sum(gaps.filter((gap) => gap > 1)) / sum(gaps) };
    },
  };
}
