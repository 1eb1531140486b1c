import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { TestProject } from 'vitest/node';

import { areThere } from '../../support/needs.js';
import { servers, type Started } from './servers.js';

/** What a test process has to know of a server that another process started. */
export type SharedS3 = Pick<Started, 'endpoint' | 'credentials'> & { readonly home: string };

declare module 'vitest' {
  interface ProvidedContext {
    readonly s3: Readonly<Record<string, SharedS3>>;
  }
}

const ends: (() => Promise<void>)[] = [];

/** Starts one server of each kind that is installed, for all tests of the run. */
export async function setup(project: TestProject): Promise<void> {
  const shared: Record<string, SharedS3> = {};
  for (const kind of servers.filter(({ needs }) => areThere(needs))) {
    const home = mkdtempSync(join(tmpdir(), 'vfs-lockfile-s3-'));
    ends.push(() => rm(home, { recursive: true, force: true }));
    const started = await kind.start(home);
    ends.push(() => started.stop());
    shared[kind.name] = { endpoint: started.endpoint, credentials: started.credentials, home };
  }
  project.provide('s3', shared);
}

export async function teardown(): Promise<void> {
  for (const end of ends.reverse()) await end();
}
