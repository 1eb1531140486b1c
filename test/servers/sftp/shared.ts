import type { TestProject } from 'vitest/node';

import { excluding, isThere, startServer, type Server } from './servers.js';

/** What a test process has to know of a server that another process started. */
export interface SharedSftp {
  readonly pid: number;
  readonly port: number;
  /** The folder of its keys. */
  readonly keys: string;
  /** The folder in which each test file has one of its own. */
  readonly folder: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    /** By the name of the kind. */
    readonly sftp: Readonly<Record<string, SharedSftp>>;
  }
}

const started: Server[] = [];

/** Starts one server of each kind that is installed and can exclude, for all tests of the run. */
export async function setup(project: TestProject): Promise<void> {
  const shared: Record<string, SharedSftp> = {};
  for (const kind of excluding.filter(isThere)) {
    const server = await startServer(kind);
    started.push(server);
    const { pid, port, keys, folder } = server;
    shared[kind.name] = { pid, port, keys: keys.folder, folder };
  }
  project.provide('sftp', shared);
}

export async function teardown(): Promise<void> {
  for (const server of started) await server.dispose();
}
