import { LockForeignError, LockHeldError, LockTimeoutError } from '../lock/model/errors.js';
import { LockOptionError } from '../util/option-error.js';
import { VfsError, type VfsErrorCode } from '../vfs/errors.js';

/** What went wrong with a request, in one word that never changes its meaning. */
export type ServiceErrorCode =
  | 'bad_request'
  | 'invalid_name'
  | 'unauthorized'
  | 'forbidden'
  | 'cross_origin'
  | 'not_found'
  | 'folder_not_found'
  | 'method_not_allowed'
  | 'timeout'
  | 'held'
  | 'not_held'
  | 'changed'
  | 'foreign'
  | 'too_large'
  | 'unsupported_media_type'
  | 'too_many_waits'
  | 'too_many_locks'
  | 'rate_limited'
  | 'aborted'
  | 'store_failed'
  | 'internal';

const STATUSES: Readonly<Record<ServiceErrorCode, number>> = {
  bad_request: 400,
  invalid_name: 400,
  unauthorized: 401,
  forbidden: 403,
  cross_origin: 403,
  not_found: 404,
  folder_not_found: 404,
  method_not_allowed: 405,
  timeout: 408,
  held: 409,
  not_held: 409,
  changed: 409,
  foreign: 409,
  too_large: 413,
  unsupported_media_type: 415,
  too_many_waits: 429,
  too_many_locks: 429,
  rate_limited: 429,
  aborted: 499,
  store_failed: 503,
  internal: 500,
};

interface Details {
  /** After this many milliseconds another try makes sense. */
  readonly retryAfterMs?: number | undefined;
  /** The methods that the resource has. */
  readonly allow?: string | undefined;
  /** More members for the answer. */
  readonly extra?: Readonly<Record<string, unknown>> | undefined;
  readonly cause?: unknown;
}

/** An answer to a request that says no. Its message is for the client, and contains nothing that the client may not see. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  readonly code: ServiceErrorCode;
  readonly details: Details;

  constructor(code: ServiceErrorCode, message: string, details: Details = {}) {
    super(message, { cause: details.cause });
    this.code = code;
    this.details = details;
  }

  get status(): number {
    return STATUSES[this.code];
  }

  /** Whether whoever runs the service has to know of it. */
  get isFailure(): boolean {
    return this.status >= 500;
  }
}

/** After a failure of the store, another try makes sense in this many milliseconds. */
export const AFTER_FAILURE_MS = 2000;

const OF_STORE: Readonly<Partial<Record<VfsErrorCode, readonly [ServiceErrorCode, string]>>> = {
  ERR_VFS_PATH: ['invalid_name', 'the store can hold no file with this name'],
  ERR_VFS_NOT_FOUND: ['folder_not_found', 'the folder of this name does not exist'],
  ERR_VFS_NOT_A_FILE: ['foreign', 'something that is no lock file stands in the place of the lock'],
};

/** The answer to a request that failed with `error`. The text of a store's error names its paths, so clients do not get it. */
export function serviceErrorOf(error: unknown): ServiceError {
  if (error instanceof ServiceError) return error;
  if (error instanceof LockOptionError) return new ServiceError('bad_request', error.message);
  if (error instanceof LockForeignError) {
    return new ServiceError('foreign', 'what stands in the place of the lock belongs to another program');
  }
  if (error instanceof LockHeldError || error instanceof LockTimeoutError) {
    return new ServiceError('held', 'somebody else holds the lock');
  }
  if (!(error instanceof VfsError)) return new ServiceError('internal', 'the service failed', { cause: error });
  const [code, message] = OF_STORE[error.code] ?? ['store_failed', `the store failed: ${error.code}`];
  const retryAfterMs = code === 'store_failed' ? AFTER_FAILURE_MS : undefined;
  return new ServiceError(code, message, { retryAfterMs, cause: error });
}
