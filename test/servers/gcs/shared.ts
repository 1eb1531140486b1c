import type { TestProject } from 'vitest/node';

import { areThere } from '../../support/needs.js';
import { fakeGcs, type Started } from './servers.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where fake-gcs-server listens, if it is installed. */
    readonly gcs: string | undefined;
  }
}

let started: Started | undefined;

/** Starts fake-gcs-server for all tests of the run, if it is installed. */
export async function setup(project: TestProject): Promise<void> {
  if (areThere(fakeGcs.needs)) started = await fakeGcs.start();
  project.provide('gcs', started?.endpoint);
}

export async function teardown(): Promise<void> {
  await started?.stop();
}
