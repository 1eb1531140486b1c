import { bucketStore } from './bucket-store.js';
import { ceph, seaweed } from './servers.js';
import { stopsInBucket, TIMEOUT } from '../buckets/zombies.js';

stopsInBucket(bucketStore(ceph), ({ bucket }) => ({
  kind: 's3',
  bucket,
  prefix: '',
  timeout: TIMEOUT,
  conditionalDelete: 'none',
}));
stopsInBucket(bucketStore(seaweed), ({ bucket }) => ({
  kind: 's3',
  bucket,
  prefix: '',
  timeout: TIMEOUT,
  conditionalDelete: 'native',
}));
