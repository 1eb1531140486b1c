import type { Reporter, TestCase, TestModule } from 'vitest/node';

/**
 * Ends a run with two lines: `skipped: N REASON, ...` and `N passed, N failed`. What could not be loaded or was thrown
 * outside a test counts as failed.
 */
export class ClosingLines implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    let passed = 0;
    let failed = unhandled.length;
    const skipped = new Map<string, number>();
    for (const module of modules) {
      failed += module.errors().length;
      for (const suite of module.children.allSuites()) failed += suite.errors().length;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') passed += 1;
        if (state === 'failed' || state === 'pending') failed += 1;
        if (state === 'skipped') skipped.set(reasonOf(test), (skipped.get(reasonOf(test)) ?? 0) + 1);
      }
    }
    if (passed + failed === 0) {
      console.log('No test ran.');
      failed = 1;
    }
    if (failed > 0) process.exitCode = 1;
    console.log(`skipped: ${inWords(skipped)}`);
    console.log(`${passed} passed, ${failed} failed`);
  }
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
