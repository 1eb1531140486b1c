import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

import { ClosingLines } from './test/support/reporter.js';

/** The tests of one folder. Which folders need what is in CONTRIBUTING.md. */
function folder(name: string, path = name): TestProjectInlineConfiguration {
  return { extends: true, test: { name, include: [`test/${path}/**/*.test.ts`], sequence: { groupOrder: 1 } } };
}

/** Thousands of rounds, which take a minute on an idle machine, and ten on a busy one. */
function proof(): TestProjectInlineConfiguration {
  const { test } = folder('proof');
  return { extends: true, test: { ...test, testTimeout: 900_000 } };
}

const ALONE = '**/*.alone.test.ts';

/**
 * Tests of which many wait for processes or leases more than they compute, so that more of them run at the same time.
 * A worker process loads the sources once for all its files, which saves a second a file; only `*.alone.test.ts`, which replace
 * modules or speak of the whole process, have one of their own.
 */
function waiting(name: string, globalSetup: string | string[] = []): TestProjectInlineConfiguration[] {
  const { test } = folder(name);
  const shared = { ...test, globalSetup, maxWorkers: 5, sequence: { groupOrder: 0 } };
  return [
    { extends: true, test: { ...shared, isolate: false, exclude: [ALONE] } },
    { extends: true, test: { ...shared, name: `${name}-alone`, include: [`test/${name}/${ALONE}`] } },
  ];
}

/** Real servers, of which one of each kind is started before the first test and shared by all. */
function servers(name: string): TestProjectInlineConfiguration {
  const path = `servers/${name}`;
  const { test } = folder(name, path);
  return { extends: true, test: { ...test, globalSetup: `test/${path}/shared.ts` } };
}

export default defineConfig({
  test: {
    projects: [
      ...[waiting('unit'), waiting('local'), waiting('package', 'test/package/shared.ts')].flat(),
      ...[
        servers('sftp'),
        servers('s3'),
        servers('gcs'),
        folder('http', 'servers/http'),
        folder('sql', 'servers/sql'),
        folder('consumers', 'servers/consumers'),
        proof(),
      ],
    ],
    pool: 'forks',
    maxWorkers: 2,
    maxConcurrency: 16,
    // Only what hangs is to fail by them: no test may fail because the machine is slow.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // The shared servers take some seconds each to stop.
    teardownTimeout: 120_000,
    reporters: ['default', new ClosingLines()],
  },
});
