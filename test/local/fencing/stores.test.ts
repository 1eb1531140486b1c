import { onEachStore, stores } from '../../support/operate/stores.js';
import { fencingSuite } from '../../support/operate/suites/fencing.js';

onEachStore(stores, fencingSuite);
