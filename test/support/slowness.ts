import { setTimeout as sleep } from 'node:timers/promises';

const ROUNDS = 20;
/** By how much timers and small works are late on a machine that does nothing else. */
const IDLE_LATE_MS = 15;
const MOST = 12;

/**
 * How many times later than on an idle machine a timer fires at present: from 1 to 12. Leases that have to
 * be kept by renewing them in real time are as many times longer.
 */
export async function slowness(): Promise<number> {
  let latest = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const startedMs = performance.now();
    await sleep(10);
    JSON.parse(JSON.stringify(Array.from({ length: 2000 }, (_, at) => ({ at }))));
    latest = Math.max(latest, performance.now() - startedMs - 10);
  }
  return Math.min(MOST, Math.max(1, latest / IDLE_LATE_MS));
}
