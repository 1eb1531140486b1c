import { bucketOpener } from '../shared/bucket/uri.js';
import { s3Vfs } from './index.js';

/** The file of an `s3://bucket/key`. Credentials, region and endpoint are those of the SDK's own chain. */
export const openS3 = bucketOpener('s3', s3Vfs);
