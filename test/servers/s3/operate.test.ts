import { ceph, seaweed } from '../../support/operate/buckets.js';
import { onEachStore } from '../../support/operate/stores.js';
import { doctorSuite } from '../../support/operate/suites/doctor.js';
import { fencingSuite } from '../../support/operate/suites/fencing.js';
import { forceReleaseSuite } from '../../support/operate/suites/force-release.js';
import { inboxSuite } from '../../support/operate/suites/inbox.js';
import { inspectSuite } from '../../support/operate/suites/inspect.js';
import { journalSuite } from '../../support/operate/suites/journal.js';
import { listSuite } from '../../support/operate/suites/list.js';
import { sweepSuite } from '../../support/operate/suites/sweep.js';
import { waitersSuite } from '../../support/operate/suites/waiters.js';

onEachStore(
  [ceph],
  inspectSuite,
  listSuite,
  sweepSuite,
  inboxSuite,
  doctorSuite,
  forceReleaseSuite,
  fencingSuite,
  journalSuite,
  waitersSuite,
);
// What differs where locks are removed.
onEachStore([seaweed], sweepSuite, inboxSuite, doctorSuite, forceReleaseSuite, fencingSuite);
