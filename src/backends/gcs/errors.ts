import type { VfsError } from '../../vfs/errors.js';
import {
  isPage,
  neverSent,
  RequestFailure,
  requestError,
  type Diagnosis,
  type RequestContext,
} from '../shared/bucket/errors.js';

/** The part of an answer that the SDK's callbacks pass on. */
export interface SdkResponse {
  readonly statusCode: number;
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

/** A request that failed, and the answer where one came. */
export class GcsFailure extends RequestFailure {
  readonly headers: Readonly<Record<string, string | undefined>>;

  constructor(cause: unknown, response?: SdkResponse) {
    // The SDK also fails after an answer that reports success, such as one that ends early.
    const refused = response !== undefined && (response.statusCode < 200 || response.statusCode > 299);
    const status = refused ? response.statusCode : undefined;
    const text = cause instanceof Error ? cause.message : String(cause);
    const absent = status === 404 && !NO_BUCKET.test(text);
    const landed = status === undefined ? !isUnsent(cause) : status === 408 || (status >= 500 && status !== 501);
    super(cause, {
      status,
      absent,
      isPage: isPage(status, response?.headers ?? {}),
      effect: landed ? 'unknown' : 'none',
    });
    this.headers = response?.headers ?? {};
  }
}

function isUnsent(error: unknown): boolean {
  const { message } = (error ?? {}) as { readonly message?: unknown };
  return NO_CREDENTIALS.test(String(message)) || neverSent(error);
}

export function gcsError(context: RequestContext, error: unknown): VfsError {
  return requestError(context, error, diagnose);
}

function diagnose({ status, absent, message, answer }: RequestFailure, context: RequestContext): Diagnosis | undefined {
  if (NO_CREDENTIALS.test(message)) return ['ERR_VFS_DENIED', `no credentials: ${message}`];
  if (status === 404 && (!absent || context.permissions.every((each) => NEED_NO_OBJECT.includes(each)))) {
    return ['ERR_VFS_NOT_FOUND', `there is no bucket ${context.bucket}`];
  }
  if (status === 401) return ['ERR_VFS_DENIED', `${answer}; the credentials are missing, wrong or expired`];
  if (status === 403) return ['ERR_VFS_DENIED', `${answer}; ${KEPT.test(message) ? NO_CHANGE : leastRole(context)}`];
  if (status === 400 && /requester pays|user project/i.test(message)) {
    return ['ERR_VFS_DENIED', `${answer}; the bucket needs a userProject that pays`];
  }
  return undefined;
}

/** The permissions for requests that need no object, so that a 404 means the bucket. */
const NEED_NO_OBJECT = ['storage.objects.create', 'storage.objects.list'];

const NO_BUCKET = /bucket does not exist|bucket.{0,80}not found/i;

/** What the SDK says when it found no credentials, or could not renew them. */
const NO_CREDENTIALS = /default credentials|invalid_grant|invalid_rapt|refresh access token/i;

/** What Google says of an object that a retention policy or a hold protects. No permission helps against these. */
const KEPT = /retention|\bhold\b/i;
const NO_CHANGE =
  'a retention policy or a hold forbids to overwrite and to delete, so no lock can be renewed or released';

function leastRole({ permissions, bucket }: RequestContext): string {
  return `the least role for this permits ${permissions.join(', ')} on gs://${bucket}`;
}
