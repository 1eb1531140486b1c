import { cpSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { inject } from 'vitest';

import { must } from '../../support/process.js';
import { keysIn } from './keys.js';
import { startServer, wayInto, type ServerKind, type ServerUse } from './servers.js';

/**
 * The server of a kind that all tests of a run share, with a folder of its own and a copy of the keys for whoever asks. A kind
 * that is not shared is started.
 */
export async function useServer(kind: ServerKind): Promise<ServerUse> {
  const shared = inject('sftp')[kind.name];
  if (shared === undefined) return startServer(kind);
  const folder = mkdtempSync(join(shared.folder, 'use-'));
  if (kind.uid !== undefined) must('chown', String(kind.uid), folder);
  const keys = mkdtempSync(join(tmpdir(), 'vfs-lockfile-keys-'));
  cpSync(shared.keys, keys, { recursive: true });
  return {
    pid: shared.pid,
    ...wayInto(kind, keysIn(keys), shared.port, folder),
    dispose: async () => {
      for (const each of [folder, keys]) await rm(each, { recursive: true, force: true });
    },
  };
}
