import { countsSuite } from '../buckets/counts.js';
import { bucketStores } from './bucket-store.js';

for (const store of bucketStores) countsSuite(store);
