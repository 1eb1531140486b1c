import { onEachStore, stores } from '../../support/operate/stores.js';
import { forceReleaseSuite } from '../../support/operate/suites/force-release.js';

onEachStore(stores, forceReleaseSuite);
