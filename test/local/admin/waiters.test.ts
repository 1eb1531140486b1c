import { onEachStore, stores } from '../../support/operate/stores.js';
import { waitersSuite } from '../../support/operate/suites/waiters.js';

onEachStore(stores, waitersSuite);
