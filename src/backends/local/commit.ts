import { mkdir, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

import { freshId } from '../../util/fresh-id.js';
import { stagedPath } from '../../vfs/names.js';
import type { CommitLock, CommitOutcome } from '../../vfs/commit.js';
import { commitStaged } from '../shared/plain/commit.js';
import { stageFile } from './data-files.js';
import { runOnData, runOnLock, type Call } from './runner.js';

/** Writes a file whole beside its place, and moves it there inside the guard of the lock, if the lock is ours. */
export function commitFile(
  call: Call,
  data: Uint8Array | AsyncIterable<Uint8Array>,
  lock: CommitLock,
): Promise<CommitOutcome> {
  return runOnData(call, async (target) => {
    await mkdir(dirname(target), { recursive: true });
    const staged = stagedPath(target, freshId());
    try {
      await stageFile(staged, data, call.signal);
      const isCommitted = await runOnLock({ ...call, path: lock.path }, 0, (files, located) =>
        commitStaged(files, { lock: located, staged, target }, lock),
      );
      return { isCommitted };
    } finally {
      await rm(staged, { force: true });
    }
  });
}
