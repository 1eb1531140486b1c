import { freshId } from '../../util/fresh-id.js';
import { run } from '../../util/steps.js';
import { stagedPath } from '../../vfs/names.js';
import type { CommitLock, CommitOutcome } from '../../vfs/commit.js';
import { commitStaged } from '../shared/plain/commit.js';
import { makeFolders, stageFile } from './data-files.js';
import { SftpFiles } from './files.js';
import type { SftpRunner } from './runner.js';

type LiveSession = Parameters<SftpRunner['abilities']>[0];

/** What to commit where. `target` is a path of the server. */
export interface SftpCommit {
  readonly target: string;
  readonly lock: CommitLock;
  readonly data: Uint8Array | AsyncIterable<Uint8Array>;
  readonly signal: AbortSignal | undefined;
}

/** Writes a file whole beside its place, and moves it there inside the guard of the lock, if the lock is ours. */
export async function commitFile(
  runner: SftpRunner,
  live: LiveSession,
  { target, lock, data, signal }: SftpCommit,
): Promise<CommitOutcome> {
  const { session } = live;
  await makeFolders(session, runner.root, target);
  const located = runner.onServer(lock.path);
  const files = new SftpFiles(session, await runner.abilities(live, located), located, signal);
  const staged = stagedPath(target, freshId());
  try {
    await stageFile(session, staged, data, signal);
    const paths = { lock: located, staged, target };
    return { isCommitted: await run(commitStaged(files, paths, lock)) };
  } finally {
    await session.unlink(staged).catch(() => undefined);
    live.leaving([...files.staged, { path: staged }]);
  }
}
