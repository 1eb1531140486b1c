import type { TestProject } from 'vitest/node';

import { pack, type Installation, usePacked } from './packed.js';

declare module 'vitest' {
  interface ProvidedContext {
    readonly packed: Installation;
  }
}

let packed: Installation | undefined;

/** Packs and installs the package once for all tests of this folder. */
export async function setup(project: TestProject): Promise<void> {
  packed = await pack();
  project.provide('packed', packed);
}

export async function teardown(): Promise<void> {
  if (packed !== undefined) await usePacked(packed).remove();
}
