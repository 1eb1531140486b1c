import { ceph, seaweed } from './buckets.js';
import { onEachStore } from './stores.js';
import { doctorSuite } from './suites/doctor.js';
import { forceReleaseSuite } from './suites/force-release.js';
import { inboxSuite } from './suites/inbox.js';
import { inspectSuite } from './suites/inspect.js';
import { listSuite } from './suites/list.js';
import { sweepSuite } from './suites/sweep.js';

onEachStore([ceph], inspectSuite, listSuite, sweepSuite, inboxSuite, doctorSuite, forceReleaseSuite);
// What differs where locks are removed.
onEachStore([seaweed], sweepSuite, inboxSuite, doctorSuite, forceReleaseSuite);
