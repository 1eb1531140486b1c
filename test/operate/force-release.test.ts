import { onEachStore, stores } from './stores.js';
import { forceReleaseSuite } from './suites/force-release.js';

onEachStore(stores, forceReleaseSuite);
