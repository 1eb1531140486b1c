import { stripVTControlCharacters } from 'node:util';

import type { Reporter, TestCase, TestModule, TestSuite } from 'vitest/node';

/** In characters, of the differences of one failure. */
const MOST_SHOWN = 2000;

/**
 * Ends a run with a line `failed: FILE > TEST: MESSAGE` for each failure. Below it are the lines by which a value differed from the
 * expected one. Then come `skipped: N REASON, ...` and `N passed, N failed`. A file that cannot be loaded counts as failed, and so
 * does an error outside any test.
 */
export class ClosingLines implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    let passed = 0;
    const failures = unhandled.map((error) => `outside of any test: ${firstLine(error)}`);
    const skipped = new Map<string, number>();
    for (const module of modules) {
      for (const part of [module, ...module.children.allSuites()]) {
        failures.push(...part.errors().map((error) => `${nameOf(part)}: ${firstLine(error)}`));
      }
      for (const test of module.children.allTests()) {
        const { state, errors } = test.result();
        if (state === 'passed') passed += 1;
        if (state === 'failed' || state === 'pending')
          failures.push(`${nameOf(test)}: ${firstLine(errors?.[0] ?? state)}${differences(errors?.[0]?.diff)}`);
        if (state === 'skipped') skipped.set(reasonOf(test), (skipped.get(reasonOf(test)) ?? 0) + 1);
      }
    }
    if (passed + failures.length === 0) failures.push('no test ran');
    if (failures.length > 0) process.exitCode = 1;
    for (const failure of failures) console.log(`failed: ${failure}`);
    console.log(`skipped: ${inWords(skipped)}`);
    console.log(`${passed} passed, ${failures.length} failed`);
  }
}

function nameOf(part: TestModule | TestSuite | TestCase): string {
  return part.type === 'module' ? part.relativeModuleId : `${part.module.relativeModuleId} > ${part.fullName}`;
}

function firstLine(error: unknown): string {
  const message = typeof error === 'object' && error !== null && 'message' in error ? error.message : error;
  return String(message).split('\n', 1)[0] ?? '';
}

/** A message alone may say only `expected [ Array(1) ] to deeply equal []`. */
function differences(diff: string | undefined): string {
  const changed = stripVTControlCharacters(diff ?? '').match(/^[+-] .*/gm) ?? [];
  // The first two lines are the legend.
  return changed
    .slice(2)
    .map((line) => `\n  ${line}`)
    .join('')
    .slice(0, MOST_SHOWN);
}

/** Why a test was skipped: what it said when it skipped itself, or what the titles say that it needs. */
function reasonOf(test: TestCase): string {
  const result = test.result();
  const note = result.state === 'skipped' ? result.note : undefined;
  return note ?? /needs [^():;,>]+/.exec(test.fullName)?.[0].trim() ?? 'for other reasons';
}

function inWords(skipped: ReadonlyMap<string, number>): string {
  const reasons = [...skipped].sort(([, one], [, other]) => other - one);
  return reasons.map(([reason, count]) => `${count} ${reason}`).join(', ') || 'none';
}
