import { onEachStore, stores } from '../../support/operate/stores.js';
import { inspectSuite } from '../../support/operate/suites/inspect.js';

onEachStore(stores, inspectSuite);
