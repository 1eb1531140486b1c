import type { VfsError } from '../../vfs/errors.js';
import { RequestFailure, requestError, type Diagnosis, type RequestContext } from '../shared/bucket/errors.js';

/** The outcome of one attempt: the status of the answer, no answer, or not even a connection. */
export type Attempt = number | 'unanswered' | 'unsent';

/** A call of the SDK that failed, with every attempt: the SDK repeats requests by itself and reports only the last answer. */
export class S3Failure extends RequestFailure {
  readonly attempts: readonly Attempt[];

  constructor(cause: unknown, attempts: readonly Attempt[], isPage = false) {
    const last = attempts.at(-1);
    const status = typeof last === 'number' ? last : undefined;
    // The SDK names its errors by the error code of the store. The answer to a HEAD has only a status.
    const code = cause instanceof Error ? cause.name : '';
    const absent = status === 404 && code !== NO_BUCKET;
    super(cause, { status, code, absent, isPage, effect: attempts.some(mayHaveLanded) ? 'unknown' : 'none' });
    this.attempts = attempts;
  }

  /** Whether an attempt before the last may have taken effect, so that a refusal of the last one may be due to it. */
  get repeated(): boolean {
    return this.attempts.slice(0, -1).some(mayHaveLanded);
  }
}

/** Whether an attempt may have changed something although its answer does not say so. */
export function mayHaveLanded(attempt: Attempt): boolean {
  if (typeof attempt !== 'number') return attempt === 'unanswered';
  return attempt === 409 || (attempt >= 500 && attempt !== 501);
}

export function s3Error(context: RequestContext, error: unknown): VfsError {
  return requestError(context, error, diagnose);
}

function diagnose({ status, code, message, answer }: RequestFailure, context: RequestContext): Diagnosis | undefined {
  if (code === NO_CREDENTIALS) return ['ERR_VFS_DENIED', `no credentials: ${message}`];
  if (status === undefined) return undefined;
  if (code === NO_BUCKET) return ['ERR_VFS_NOT_FOUND', `there is no bucket ${context.bucket}`];
  if (status === 301 || code === 'PermanentRedirect') {
    return ['ERR_VFS_IO', `${answer}; the bucket is in another region: set AWS_REGION`];
  }
  if (BAD_CREDENTIALS.includes(code)) return ['ERR_VFS_DENIED', `${answer} (asked was ${context.host})`];
  if (status === 403 || status === 401) return ['ERR_VFS_DENIED', `${answer}; ${leastPolicy(context)}`];
  if (code === 'KeyTooLongError') return ['ERR_VFS_PATH', answer];
  return undefined;
}

const NO_BUCKET = 'NoSuchBucket';
const NO_CREDENTIALS = 'CredentialsProviderError';
const BAD_CREDENTIALS = [
  ...['ExpiredToken', 'ExpiredTokenException', 'InvalidAccessKeyId', 'InvalidToken', 'TokenRefreshRequired'],
  ...['SignatureDoesNotMatch', 'RequestTimeTooSkewed'],
];

/** Without `s3:ListBucket` AWS answers a request for a missing key with 403. */
function leastPolicy({ permissions, bucket }: RequestContext): string {
  const onKeys = permissions.filter((each) => each !== LIST).join(', ');
  const keys = onKeys === '' ? '' : `${onKeys} on the keys of arn:aws:s3:::${bucket}, `;
  return `the least policy for this is ${keys}${LIST} on arn:aws:s3:::${bucket} itself`;
}

const LIST = 's3:ListBucket';
