import { onEachStore, stores } from '../../support/operate/stores.js';
import { journalSuite } from '../../support/operate/suites/journal.js';

onEachStore(stores, journalSuite);
