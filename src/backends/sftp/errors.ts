import { VfsError, type Effect } from '../../vfs/errors.js';
import { codeOf, posixError } from '../shared/plain/posix-errors.js';

/** The server refused a request; the code says why, as far as the status of SFTP does. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  /** `EIO` stands for the generic failure, which says nothing about the cause: the library has to find it out. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** No answer came, so the effect is unknown; `sent` is false where the request was never sent. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
  readonly sent: boolean;
  /** How long the server was silent, where that is why, in milliseconds. */
  readonly silentMs: number | undefined;

  constructor(message: string, sent: boolean, options: ErrorOptions & { readonly silentMs?: number | undefined } = {}) {
    super(message, options);
    this.sent = sent;
    this.silentMs = options.silentMs;
  }
}

/** The caller gave up while an answer was outstanding. */
export class UnfinishedError extends Error {
  override readonly name = 'UnfinishedError';

  constructor(cause: unknown) {
    super('given up while an answer was outstanding', { cause });
  }
}

const STATUS: Readonly<Record<number, string>> = {
  1: 'EOF',
  2: 'ENOENT',
  3: 'EACCES',
  5: 'EINVAL',
  8: 'ENOSYS',
  10: 'ENOENT',
  11: 'EEXIST',
  12: 'EROFS',
  14: 'ENOSPC',
  15: 'EDQUOT',
  18: 'ENOTEMPTY',
  19: 'ENOTDIR',
  24: 'EISDIR',
};

/** The error for a failed request. An error without an SFTP status means that the connection is gone. */
export function refusalOf(error: Error): RefusedError | NoAnswerError {
  const status = (error as { readonly code?: unknown }).code;
  if (typeof status !== 'number') return new NoAnswerError(error.message, true, { cause: error });
  if (status === 6 || status === 7) return new NoAnswerError(error.message, true, { cause: error });
  return new RefusedError(STATUS[status] ?? 'EIO', `the server answers: ${error.message}`, { cause: error });
}

/** Translates a failure into the library's own error. */
export function sftpError(verb: string, path: string, cause: unknown, effect: Effect, signal?: AbortSignal): VfsError {
  if (cause instanceof NoAnswerError) {
    const message = `cannot ${verb} ${path}: ${cause.message}`;
    const code = cause.silentMs === undefined ? 'ERR_VFS_IO' : 'ERR_VFS_TIMEOUT';
    return new VfsError(code, message, { cause, effect: cause.sent ? effect : 'none' });
  }
  if (cause instanceof UnfinishedError) {
    return new VfsError('ERR_VFS_ABORTED', `${verb} ${path}: aborted, and the server hangs`, { cause, effect });
  }
  return posixError(verb, path, cause, signal);
}

export { codeOf };
