import { VfsError, type Effect, type VfsErrorCode } from '../../vfs/errors.js';
import { S3Failure, type Attempt } from './client.js';

/** What the call was about. */
export interface RequestContext {
  readonly verb: string;
  /** The file, as a person finds it. */
  readonly shown: string;
  readonly bucket: string;
  /** What the least policy has to allow for the call. */
  readonly actions: readonly string[];
  /** Whether the call changes anything when it gets through. */
  readonly changes: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** What the store or the SDK said, in the library's own terms. */
export function s3Error(errand: RequestContext, error: unknown): VfsError {
  if (error instanceof VfsError) return error;
  const effect = effectOf(errand, error);
  const cause = error instanceof S3Failure ? error.cause : error;
  if (errand.signal?.aborted) {
    return new VfsError('ERR_VFS_ABORTED', `${errand.verb} ${errand.shown}: aborted`, { cause, effect });
  }
  const [code, found] = describe(errand, error);
  return new VfsError(code, `cannot ${errand.verb} ${errand.shown}: ${found}`, { cause, effect });
}

/** Whether the object, and not the bucket, is missing. A HEAD tells only the status. */
export function isAbsent(error: unknown): boolean {
  return error instanceof S3Failure && error.status === 404 && error.code !== 'NoSuchBucket';
}

/** Whether an attempt may have changed something without our learning of it. */
export function isOpen(attempt: Attempt): boolean {
  if (typeof attempt !== 'number') return attempt === 'unanswered';
  return attempt === 409 || (attempt >= 500 && attempt !== 501);
}

function effectOf({ changes }: RequestContext, error: unknown): Effect {
  return changes && error instanceof S3Failure && error.attempts.some(isOpen) ? 'unknown' : 'none';
}

function describe(errand: RequestContext, error: unknown): readonly [VfsErrorCode, string] {
  const said = error instanceof Error ? error.message || error.name : String(error);
  if (!(error instanceof S3Failure)) return ['ERR_VFS_IO', said];
  const { code, status } = error;
  const answer = status === undefined ? said : `the store answers ${String(status)} ${code}: ${said}`;
  if (status === undefined) {
    return code === 'CredentialsProviderError' ? ['ERR_VFS_DENIED', `no credentials: ${said}`] : ['ERR_VFS_IO', said];
  }
  if (code === 'NoSuchBucket') return ['ERR_VFS_NOT_FOUND', `there is no bucket ${errand.bucket}`];
  if (status === 404) return ['ERR_VFS_NOT_FOUND', 'there is no such file'];
  if (status === 301 || code === 'PermanentRedirect') {
    return ['ERR_VFS_IO', `${answer}; the bucket is in another region: set AWS_REGION`];
  }
  if (CREDENTIALS.includes(code)) return ['ERR_VFS_DENIED', answer];
  if (status === 403 || status === 401) return ['ERR_VFS_DENIED', `${answer}; ${leastPolicy(errand)}`];
  if (code === 'KeyTooLongError') return ['ERR_VFS_PATH', answer];
  if (status === 501) return ['ERR_VFS_UNSUPPORTED', answer];
  return ['ERR_VFS_IO', answer];
}

const CREDENTIALS = [
  ...['ExpiredToken', 'ExpiredTokenException', 'InvalidAccessKeyId', 'InvalidToken', 'TokenRefreshRequired'],
  ...['SignatureDoesNotMatch', 'RequestTimeTooSkewed'],
];

/** Without `s3:ListBucket` AWS says of a missing key that it is forbidden. */
function leastPolicy({ actions, bucket }: RequestContext): string {
  const onKeys = actions.filter((action) => action !== LIST).join(', ');
  const keys = onKeys === '' ? '' : `${onKeys} on the keys of arn:aws:s3:::${bucket}, `;
  return `the least policy for this is ${keys}${LIST} on arn:aws:s3:::${bucket} itself`;
}

const LIST = 's3:ListBucket';
