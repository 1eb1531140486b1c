import { stopsInBucket, TIMEOUT } from '../buckets/zombies.js';
import { bucketStore } from './bucket-store.js';
import { fakeGcs } from './servers.js';

stopsInBucket(bucketStore(fakeGcs), ({ bucket }) => ({ kind: 'gcs', bucket, prefix: '', timeout: TIMEOUT }));
