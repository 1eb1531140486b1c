import { expect, it } from 'vitest';

import { fence, type FenceFiles } from '../../../../src/backends/shared/plain/fence.js';
import { runSync, type Steps } from '../../../../src/util/steps.js';

const ID = '0'.repeat(32);

/** A folder that is not empty, and of another user. */
class ClosedFolder implements FenceFiles {
  *rmdir(): Steps<never> {
    yield* fails('ENOTEMPTY');
    throw new Error('unreachable');
  }
  *unlink(): Steps<never> {
    yield* fails('EACCES');
    throw new Error('unreachable');
  }
  *inside<T>(folder: string, work: (at: string, names: readonly string[]) => Steps<T>): Steps<T> {
    return yield* work(folder, [`vfs-lockfile-${ID}.1.taken`]);
  }
  *pause(): Steps<void> {
    yield* fails('it must not wait');
  }
}

// eslint-disable-next-line require-yield
function* fails(code: string): Steps<never> {
  throw Object.assign(new Error(code), { code });
}

it('a private folder that cannot be emptied is named by the error, as who may not empty it has to ask its owner', () => {
  expect(() => runSync(fence(new ClosedFolder(), '/inbox/data.csv.lock', ID))).toThrow(
    expect.objectContaining({
      code: 'ERR_VFS_DENIED',
      message: `permission denied to empty /inbox/.vfs-lockfile-${ID}, which the last holder of the lock left; remove it as its owner or as root`,
    }),
  );
});
