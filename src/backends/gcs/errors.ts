import { VfsError, type Effect, type VfsErrorCode } from '../../vfs/errors.js';
import { GcsFailure, NO_CREDENTIALS } from './failure.js';

/** What the call was about. */
export interface RequestContext {
  readonly verb: string;
  /** The file, as a person finds it. */
  readonly shown: string;
  readonly bucket: string;
  /** What the least role has to permit for the call. */
  readonly permissions: readonly string[];
  /** Whether the call changes anything when it gets through. */
  readonly changes: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** What the store or the SDK said, in the library's own terms. */
export function gcsError(errand: RequestContext, error: unknown): VfsError {
  if (error instanceof VfsError) return error;
  const effect: Effect = errand.changes && error instanceof GcsFailure && error.open ? 'unknown' : 'none';
  const cause = error instanceof GcsFailure ? error.cause : error;
  if (errand.signal?.aborted) {
    return new VfsError('ERR_VFS_ABORTED', `${errand.verb} ${errand.shown}: aborted`, { cause, effect });
  }
  const [code, found] = describe(errand, error);
  return new VfsError(code, `cannot ${errand.verb} ${errand.shown}: ${found}`, { cause, effect });
}

/** Whether the object, and not the bucket, is missing. */
export function isAbsent(error: unknown): boolean {
  return error instanceof GcsFailure && error.status === 404 && !NO_BUCKET.test(error.message);
}

/** What is asked of no object that is there. */
const OF_NO_OBJECT = ['storage.objects.create', 'storage.objects.list'];

const NO_BUCKET = /bucket does not exist|bucket.{0,80}not found/i;

/** What Google says of an object that a retention or a hold protects, which no permission helps against. */
const KEPT = /retention|\bhold\b/i;
const NO_CHANGE =
  'a retention policy or a hold forbids to overwrite and to delete, so no lock can be renewed or given back';

function describe(errand: RequestContext, error: unknown): readonly [VfsErrorCode, string] {
  const said = error instanceof Error ? error.message || error.name : String(error);
  if (!(error instanceof GcsFailure)) return ['ERR_VFS_IO', said];
  const { status } = error;
  if (NO_CREDENTIALS.test(said)) return ['ERR_VFS_DENIED', `no credentials: ${said}`];
  if (status === undefined) return ['ERR_VFS_IO', said];
  const answer = `the store answers ${String(status)}: ${said}`;
  if (status === 404) {
    const absent = isAbsent(error) && !errand.permissions.every((each) => OF_NO_OBJECT.includes(each));
    return ['ERR_VFS_NOT_FOUND', absent ? 'there is no such file' : `there is no bucket ${errand.bucket}`];
  }
  if (status === 401) return ['ERR_VFS_DENIED', `${answer}; the credentials are missing, wrong or expired`];
  if (status === 403) return ['ERR_VFS_DENIED', `${answer}; ${KEPT.test(said) ? NO_CHANGE : leastRole(errand)}`];
  if (status === 400 && /requester pays|user project/i.test(said)) {
    return ['ERR_VFS_DENIED', `${answer}; the bucket wants a userProject to pay`];
  }
  if (status === 501) return ['ERR_VFS_UNSUPPORTED', answer];
  return ['ERR_VFS_IO', answer];
}

function leastRole({ permissions, bucket }: RequestContext): string {
  return `the least role for this permits ${permissions.join(', ')} on gs://${bucket}`;
}
