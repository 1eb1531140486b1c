import { policedGcs } from '../../support/operate/buckets.js';
import { onEachStore } from '../../support/operate/stores.js';
import { fencingSuite } from '../../support/operate/suites/fencing.js';
import { forceReleaseSuite } from '../../support/operate/suites/force-release.js';
import { policySuite } from '../buckets/policy-suite.js';
import { bucketStores } from './bucket-store.js';

// Google has no such policy. What is shown is that nothing here needs a change without a condition.
for (const store of bucketStores) policySuite(store);

onEachStore([policedGcs], forceReleaseSuite, fencingSuite);
