import { bucketOpener } from '../shared/bucket/uri.js';
import { gcsVfs } from './index.js';

/** The file of a `gs://bucket/key`. Credentials and endpoint are those of the SDK's own chain. */
export const openGcs = bucketOpener('gs', gcsVfs);
