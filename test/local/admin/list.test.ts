import { onEachStore, stores } from '../../support/operate/stores.js';
import { listSuite } from '../../support/operate/suites/list.js';

onEachStore(stores, listSuite);
