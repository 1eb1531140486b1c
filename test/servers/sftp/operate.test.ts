import { describe, expect, test } from 'vitest';

import { doctor } from '../../../src/admin/index.js';
import { sftpVfs } from '../../../src/backends/sftp/index.js';
import { namesIn } from '../../support/operate/locks.js';
import { openSshStore } from '../../support/operate/sftp.js';
import { onEachStore } from '../../support/operate/stores.js';
import { doctorSuite } from '../../support/operate/suites/doctor.js';
import { fencingSuite } from '../../support/operate/suites/fencing.js';
import { forceReleaseSuite } from '../../support/operate/suites/force-release.js';
import { inboxSuite } from '../../support/operate/suites/inbox.js';
import { inspectSuite } from '../../support/operate/suites/inspect.js';
import { leftoversSuite } from '../../support/operate/suites/leftovers.js';
import { journalSuite } from '../../support/operate/suites/journal.js';
import { listSuite } from '../../support/operate/suites/list.js';
import { sweepSuite } from '../../support/operate/suites/sweep.js';
import { waitersSuite } from '../../support/operate/suites/waiters.js';
import { missing, rclone, startServer } from './servers.js';

onEachStore(
  [openSshStore],
  inspectSuite,
  listSuite,
  sweepSuite,
  leftoversSuite,
  inboxSuite,
  doctorSuite,
  forceReleaseSuite,
  fencingSuite,
  journalSuite,
  waitersSuite,
);

describe('doctor catches a store that', () => {
  const lacking = missing(rclone);
  test.skipIf(lacking !== undefined)(
    `says yes to hard links and makes none, as rclone’s SFTP server${lacking ? `: ${lacking}` : ''}`,
    async () => {
      const server = await startServer(rclone);
      const vfs = sftpVfs(server.options);
      try {
        const diagnosis = await doctor({ vfs, path: '' });
        expect(diagnosis.verdict).toBe('unsafe');
        expect(diagnosis.words.join('\n')).toMatch(/hard link/);
        expect(await namesIn({ vfs, path: '' })).toEqual([]);
      } finally {
        vfs.close();
        await server.dispose();
      }
    },
  );
});
