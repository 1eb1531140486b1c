import { historySuite } from '../../support/histories/suite.js';
import { ceph, seaweed } from '../../support/operate/buckets.js';
import { onEachStore } from '../../support/operate/stores.js';

onEachStore([ceph, seaweed], historySuite({ acquisitions: 25 }, { repeats: true }));
