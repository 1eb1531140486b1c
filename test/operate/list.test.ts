import { onEachStore, stores } from './stores.js';
import { listSuite } from './suites/list.js';

onEachStore(stores, listSuite);
