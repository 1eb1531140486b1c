import { historySuite } from '../../support/histories/suite.js';
import { fakeGcs } from '../../support/operate/buckets.js';
import { onEachStore } from '../../support/operate/stores.js';

onEachStore([fakeGcs], historySuite({ acquisitions: 60 }, { repeats: true }));
