import { onEachStore, stores } from '../../support/operate/stores.js';
import { zombieSuite } from '../../support/operate/suites/zombies.js';

onEachStore(stores, zombieSuite(1000));
