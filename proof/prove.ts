import { areThere } from '../test/support/needs.js';
import { CHECKS, configOf, type Check } from './checks.js';
import { runTlc, TLC_FILES } from './tlc.js';

/**
 * `npm run prove`: TLC walks through every state of the true models, and finds the fault in every broken variant.
 * A true model passes if no promise is broken and it has as many states as it had when it was written; a variant passes
 * if it breaks the promise that it is known to break. A variant that stops failing fails: then the model sees less.
 */
async function complaintOf(check: Check): Promise<string | undefined> {
  const { violated, states, failure } = await runTlc(check.module, configOf(check));
  if (failure !== undefined) return failure;
  if ('breaks' in check) {
    return violated === check.breaks ? undefined : `broke ${violated ?? 'nothing'} instead of ${check.breaks}`;
  }
  if (violated !== undefined) return `broke ${violated}`;
  return states === check.states ? undefined : `${String(states)} states instead of ${String(check.states)}`;
}

if (!areThere(TLC_FILES)) throw new Error('TLC is not there: npm run test:install');
let failed = 0;
for (const check of CHECKS) {
  const startedMs = performance.now();
  const complaint = await complaintOf(check);
  if (complaint !== undefined) failed += 1;
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
  const found =
    complaint ?? ('breaks' in check ? `breaks ${check.breaks}` : `${String(check.states)} states, all good`);
  console.log(`${complaint === undefined ? 'ok' : 'failed'}: ${check.module}: ${check.name}: ${found} (${seconds} s)`);
}
console.log(`${String(CHECKS.length - failed)} passed, ${String(failed)} failed`);
process.exitCode = failed > 0 ? 1 : 0;
