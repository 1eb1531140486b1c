import { onEachStore, stores } from './stores.js';
import { inspectSuite } from './suites/inspect.js';

onEachStore(stores, inspectSuite);
