import { policedCeph, policedSeaweed } from '../../support/operate/buckets.js';
import { onEachStore } from '../../support/operate/stores.js';
import { fencingSuite } from '../../support/operate/suites/fencing.js';
import { forceReleaseSuite } from '../../support/operate/suites/force-release.js';
import { policySuite } from '../buckets/policy-suite.js';
import { bucketStore } from './bucket-store.js';
import { servers } from './servers.js';

for (const kind of servers) policySuite(bucketStore(kind), kind.fails);

onEachStore([policedCeph, policedSeaweed], forceReleaseSuite, fencingSuite);
