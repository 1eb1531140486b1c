import { limitText, SilenceError } from '../../../util/abort.js';
import { VfsError, type Effect, type VfsErrorCode } from '../../../vfs/errors.js';

/** The call that a request was sent for. */
export interface RequestContext {
  readonly verb: string;
  /** The URI of the file, as messages show it. */
  readonly displayPath: string;
  readonly bucket: string;
  /** The host that did not answer, for messages. */
  readonly host: string;
  /** What the credentials must at least be allowed to do. */
  readonly permissions: readonly string[];
  /** Whether the call changes the store when it succeeds. */
  readonly changes: boolean;
  readonly signal?: AbortSignal | undefined;
}

interface FailureDetails {
  /** The HTTP status of the last attempt; undefined: no complete answer came. */
  readonly status?: number | undefined;
  /** The error code of the store, where it has one. */
  readonly code?: string;
  /** Whether the object, and not the bucket, is missing. */
  readonly absent?: boolean;
  /** `'unknown'`: if the request changes the store, an attempt may have done so. */
  readonly effect: Effect;
  /** Whether the answer was a page for people, as no store of objects sends it. */
  readonly isPage?: boolean;
}

/** A request to a bucket that failed. `cause` is the error of the SDK. */
export class RequestFailure extends Error {
  readonly status: number | undefined;
  readonly code: string;
  readonly absent: boolean;
  readonly effect: Effect;
  readonly isPage: boolean;

  constructor(cause: unknown, { status, code = '', absent = false, isPage = false, effect }: FailureDetails) {
    super(messageOf(cause), { cause });
    this.status = status;
    this.code = code;
    this.absent = absent && !isPage;
    this.isPage = isPage;
    this.effect = effect;
  }

  /** What the store answered, in the words of an error message. */
  get answer(): string {
    if (this.status === undefined) return this.message;
    const code = this.code === '' ? '' : ` ${this.code}`;
    return `the store answers ${String(this.status)}${code}: ${this.message}`;
  }
}

/** The code of the `VfsError`, and what went wrong in words. */
export type Diagnosis = readonly [VfsErrorCode, string];

/** The error of a call whose request failed. `diagnose` knows what is particular to the store, and returns undefined for the rest. */
export function requestError(
  context: RequestContext,
  error: unknown,
  diagnose: (failure: RequestFailure, context: RequestContext) => Diagnosis | undefined,
): VfsError {
  if (error instanceof VfsError) return error;
  const failure = error instanceof RequestFailure ? error : undefined;
  const { verb, displayPath, host, changes, signal } = context;
  const details = {
    cause: failure ? failure.cause : error,
    effect: changes && failure ? failure.effect : 'none',
  } as const;
  if (signal?.aborted) return new VfsError('ERR_VFS_ABORTED', `${verb} ${displayPath}: aborted`, details);
  const silence = failure && silenceIn(failure);
  if (silence !== undefined)
    return new VfsError('ERR_VFS_TIMEOUT', silenceMessage(verb, displayPath, host, silence), details);
  const [code, problem] = failure?.isPage
    ? aboutPage(failure, context)
    : failure
      ? (diagnose(failure, context) ?? diagnoseByStatus(failure))
      : (['ERR_VFS_IO', messageOf(error)] as const);
  return new VfsError(code, `cannot ${verb} ${displayPath}: ${problem}`, details);
}

/** Whether an answer is a page for people. A gateway sends such pages while it is overloaded, too. */
export function isPage(status: number | undefined, headers: Readonly<Record<string, string | undefined>>): boolean {
  return status !== undefined && status < 500 && /^text\/html\b/i.test(headers['content-type'] ?? '');
}

function aboutPage({ status }: RequestFailure, { host, displayPath }: RequestContext): Diagnosis {
  const kind = displayPath.startsWith('gs:') ? 'a Google Cloud Storage' : 'an S3';
  return ['ERR_VFS_IO', `${host} answers ${String(status)} with a page of HTML; is it ${kind} endpoint?`];
}

/** The message of an `ERR_VFS_TIMEOUT`. `ms`: how long there was no answer, where that is known. */
export function silenceMessage(verb: string, displayPath: string, host: string, ms: number): string {
  const time = Number.isNaN(ms) ? 'in time' : `for ${limitText(ms)}`;
  return `cannot ${verb} ${displayPath}: ${host} did not answer ${time}`;
}

/** How long the store was silent, in milliseconds; NaN where the SDK does not say. Undefined: silence is not why the request failed. */
function silenceIn({ status, cause }: RequestFailure): number | undefined {
  if (status !== undefined) return undefined;
  if (cause instanceof SilenceError) return cause.limitMs;
  if (!(cause instanceof Error) || cause.name !== 'TimeoutError') return undefined;
  // The SDK gives this name to broken connections as well.
  const { code } = cause as { readonly code?: unknown };
  return code === undefined || code === 'ETIMEDOUT' ? NaN : undefined;
}

function diagnoseByStatus({ status, absent, answer }: RequestFailure): Diagnosis {
  if (absent) return ['ERR_VFS_NOT_FOUND', 'there is no such file'];
  return [status === 501 ? 'ERR_VFS_UNSUPPORTED' : 'ERR_VFS_IO', answer];
}

/** Requires a modification time where there is no substitute for a missing one, which is NaN. */
export function knownTime(ms: number): number {
  if (!Number.isNaN(ms)) return ms;
  throw new RequestFailure(new Error('the answer of the store has no modification time'), { effect: 'none' });
}

/** The result of a request for an object, or undefined where the object is missing. */
export async function unlessAbsent<T>(request: Promise<T>): Promise<T | undefined> {
  try {
    return await request;
  } catch (error) {
    if (error instanceof RequestFailure && error.absent) return undefined;
    throw error;
  }
}

const NO_CONNECTION = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'];

/** Whether a request failed because no connection could be made, so that no part of it was sent. */
export function neverSent(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  return NO_CONNECTION.includes(String((error as { readonly code?: unknown }).code));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}
