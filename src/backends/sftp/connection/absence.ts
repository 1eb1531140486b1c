import { freshId } from '../../../util/fresh-id.js';
import { folderOf } from '../../../vfs/path.js';
import { codeOf, NoAnswerError, RefusedError } from '../errors.js';

/** The requests that show what exists. */
export interface Looking {
  lstat(path: string): Promise<unknown>;
  /** The names in a folder. */
  names(folder: string): Promise<readonly string[]>;
}

/** For servers that answer the generic failure where a file is missing. Whether this one does is found out once. */
export class VagueAbsence {
  readonly #looking: Looking;
  #isVague: Promise<boolean> | undefined;

  constructor(looking: Looking) {
    this.#looking = looking;
  }

  /** The answer to a request about `path`. Rejects with `ENOENT` where a failure means that nothing is there. */
  async settled<T>(path: string, request: Promise<T>): Promise<T> {
    try {
      return await request;
    } catch (error) {
      if (codeOf(error) !== 'EIO' || !(await this.#isGone(path))) throw error;
      throw new RefusedError('ENOENT', 'there is no such file', { cause: error });
    }
  }

  async #isGone(path: string): Promise<boolean> {
    const folder = folderOf(path) || '/';
    try {
      return (
        (await this.#vague(folder)) &&
        !(await this.#looking.names(folder)).includes(path.slice(path.lastIndexOf('/') + 1))
      );
    } catch (error) {
      if (error instanceof NoAnswerError) throw error;
      return false;
    }
  }

  /** Asks for a name that nobody uses. */
  #vague(folder: string): Promise<boolean> {
    this.#isVague ??= this.#looking.lstat(`${folder === '/' ? '' : folder}/${freshId()}`).then(
      () => false,
      (error: unknown) => codeOf(error) === 'EIO',
    );
    return this.#isVague;
  }
}
