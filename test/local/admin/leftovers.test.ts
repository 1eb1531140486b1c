import { onEachStore, stores } from '../../support/operate/stores.js';
import { leftoversSuite } from '../../support/operate/suites/leftovers.js';

onEachStore(stores, leftoversSuite);
