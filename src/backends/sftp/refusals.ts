import { ask, type Steps } from '../../util/steps.js';
import { isDirectory, type Attributes } from './connection/raw-sftp.js';
import type { SftpSession } from './connection/session.js';
import { codeOf, NoAnswerError, RefusedError } from './errors.js';

/** The number of unexplained failures in a row that are taken for a rival's act, before one is passed on. */
const UNEXPLAINED = 30;

/** Refusals that say nothing about their cause. */
const VAGUE: readonly string[] = ['EIO', 'EEXIST', 'ENOENT'];

/** Refusals that are clear by themselves. */
const CLEAR_REFUSALS: readonly string[] = ['EISDIR', 'EROFS', 'ENOSPC', 'EDQUOT'];

export function withCode(code: string, cause: unknown): Error {
  return new RefusedError(code, cause instanceof Error ? cause.message : String(cause), { cause });
}

/** Finds out what the vague refusals of one change mean, in the codes that the guarded swap understands. */
export class Refusals {
  readonly #session: SftpSession;
  #unexplained = 0;

  constructor(session: SftpSession) {
    this.#session = session;
  }

  /**
   * What a refused rename means. Only reading both names shows it: some servers answer "failure", some say that an existing name is
   * missing.
   */
  *ofRename(error: unknown, from: string, to: string): Steps<unknown> {
    const source = yield* this.existingAfter(error, from);
    if (source === undefined) return withCode('ENOENT', error);
    const target = yield* this.existingAfter(error, to);
    const onto = target !== undefined && isDirectory(target);
    if (!isDirectory(source)) return onto ? withCode('EISDIR', error) : error;
    // OpenSSH calls this a missing file.
    if (target !== undefined && !onto) return withCode('ENOTDIR', error);
    return this.ofTarget(error, onto);
  }

  /** What exists after a request was refused; undefined for nothing. Throws the refusal where it says enough. */
  *existingAfter(error: unknown, path: string): Steps<Attributes | undefined> {
    if (error instanceof NoAnswerError || CLEAR_REFUSALS.includes(codeOf(error))) throw error;
    try {
      return yield* ask(this.#session.lstat(path));
    } catch (second) {
      if (codeOf(second) !== 'ENOENT') throw error;
      return undefined;
    }
  }

  /** A directory could not be removed. Apache MINA says that one that is missing is none. */
  ofFolder(error: unknown, hasNames: boolean): unknown {
    return this.ofTarget(error, hasNames, [...VAGUE, 'ENOTDIR']);
  }

  /** A target was in the way. If it is gone by now, it may have been a rival's, but not every time. */
  ofTarget(error: unknown, there: boolean, vague = VAGUE): unknown {
    const isVague = vague.includes(codeOf(error));
    this.#unexplained = there ? 0 : this.#unexplained + 1;
    return there || (isVague && this.#unexplained < UNEXPLAINED) ? withCode('ENOTEMPTY', error) : error;
  }
}
