import { onEachStore, stores } from './stores.js';
import { sweepSuite } from './suites/sweep.js';

onEachStore(stores, sweepSuite);
