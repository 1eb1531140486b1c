import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';

import { LockOptionError } from '../util/option-error.js';
import { checkToken, type ServiceToken, type TokenScope, type TokenStore } from './tokens.js';

/**
 * The tokens in a file, which is read again when it has changed. Each line has a name, a scope (`read` or `write`) and the SHA-256 of
 * the token in hexadecimal, with spaces between them; empty lines and those that begin with `#` are skipped. While the file has
 * a mistake, or is gone, the tokens that were read last stay valid and `onError` learns of it.
 *
 * @throws {LockOptionError} `ERR_LOCK_OPTION`: the file has a mistake.
 * @throws The error of the disk, if the file cannot be read.
 * @example
 * const tokens = await tokenFile('/etc/locks/tokens');
 * const service = lockService({ location: '/var/lib/jobs', tokens });
 */
export async function tokenFile(
  path: string,
  onError: (error: unknown) => void = () => undefined,
): Promise<TokenStore> {
  const file = new TokenFile(path, onError);
  await file.load();
  return file;
}

class TokenFile implements TokenStore {
  readonly #path: string;
  readonly #onError: (error: unknown) => void;
  #tokens: readonly ServiceToken[] = [];
  #stamp = '';
  #failedStamp = '';
  #rotating: Promise<void> = Promise.resolve();

  constructor(path: string, onError: (error: unknown) => void) {
    this.#path = path;
    this.#onError = onError;
  }

  async load(): Promise<void> {
    const stamp = await this.#readStamp();
    if (stamp === this.#stamp) return;
    this.#tokens = parse(await readFile(this.#path, 'utf8'));
    this.#stamp = stamp;
  }

  async read(): Promise<readonly ServiceToken[]> {
    try {
      await this.load();
      this.#failedStamp = '';
    } catch (error) {
      // One report for each state of the file, and not one for each request.
      const stamp = await this.#readStamp().catch(() => 'gone');
      if (stamp !== this.#failedStamp) this.#onError(error);
      this.#failedStamp = stamp;
    }
    return this.#tokens;
  }

  rotate(name: string, hash: string): Promise<void> {
    const next = this.#rotating.then(() => this.#rewrite(name, hash));
    this.#rotating = next.catch(() => undefined);
    return next;
  }

  async #rewrite(name: string, hash: string): Promise<void> {
    const text = await readFile(this.#path, 'utf8');
    const lines = text.split('\n');
    const changed = lines
      .map((line) => (partsOf(line)[0] === name ? line.replace(/[0-9a-f]{64}(?=\s*$)/, hash) : line))
      .join('\n');
    if (changed === text) throw new LockOptionError(`the token file has no token of the name ${name} any more`);
    // A file with a mistake keeps the tokens that were read last, so that the new one would not be valid.
    parse(changed);
    const { mode } = await stat(this.#path);
    const fresh = `${this.#path}.${randomUUID()}`;
    try {
      await writeFile(fresh, changed, { mode: mode & 0o777, flag: 'wx' });
      await rename(fresh, this.#path);
    } finally {
      await rm(fresh, { force: true });
    }
    await this.load();
  }

  async #readStamp(): Promise<string> {
    const { mtimeMs, size, ino } = await stat(this.#path);
    return [mtimeMs, size, ino].join(' ');
  }
}

function parse(text: string): readonly ServiceToken[] {
  const tokens = text.split('\n').flatMap((line, index) => {
    const [name, scope, hash, extra] = partsOf(line);
    if (name === undefined) return [];
    if (scope === undefined || hash === undefined || extra !== undefined) {
      throw new LockOptionError(`line ${index + 1} of the token file must be: NAME read|write SHA256`);
    }
    return [checkToken({ name, scope: scope as TokenScope, hash })];
  });
  const names = new Set(tokens.map(({ name }) => name));
  if (names.size === tokens.length) return tokens;
  throw new LockOptionError('the token file has a name twice');
}

/** The words of a line; none in a comment. */
function partsOf(line: string): readonly string[] {
  return line.trimStart().startsWith('#') ? [] : line.split(/\s+/).filter((word) => word !== '');
}
