import { limitText } from '../../../util/abort.js';
import { NoAnswerError, refusalOf, RefusedError } from '../errors.js';
import { KnownFiles } from '../known-files.js';

export type Handle = Buffer;

export interface Attributes {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Whole seconds. */
  readonly mtime: number;
}

export interface ListedName {
  readonly filename: string;
  readonly attrs: Attributes;
}

/** The used part of the answer to `statvfs@openssh.com`: free blocks, files and free files, flags. */
export interface FileSystem {
  readonly f_bavail: number | bigint;
  readonly f_files: number | bigint;
  readonly f_favail: number | bigint;
  readonly f_flag: number | bigint;
}

type Answer<T> = (error: Error | null | undefined, value: T) => void;

type Changes = Partial<Pick<Attributes, 'mode' | 'uid' | 'gid'>>;

/** The part of an `ssh2` SFTP session that is used. */
export interface RawSftp {
  open(path: string, flags: number, attributes: Changes, answer: Answer<Handle>): void;
  close(handle: Handle, answer: Answer<void>): void;
  read(handle: Handle, into: Buffer, offset: number, length: number, from: number, answer: Answer<number>): void;
  write(handle: Handle, data: Buffer, offset: number, length: number, at: number, answer: Answer<void>): void;
  stat(path: string, answer: Answer<Attributes>): void;
  lstat(path: string, answer: Answer<Attributes>): void;
  fstat(handle: Handle, answer: Answer<Attributes>): void;
  setstat(path: string, changes: Changes, answer: Answer<void>): void;
  fsetstat(handle: Handle, changes: Changes, answer: Answer<void>): void;
  opendir(path: string, answer: Answer<Handle>): void;
  readdir(handle: Handle, answer: Answer<readonly ListedName[]>): void;
  mkdir(path: string, changes: Changes, answer: Answer<void>): void;
  rmdir(path: string, answer: Answer<void>): void;
  unlink(path: string, answer: Answer<void>): void;
  rename(from: string, to: string, answer: Answer<void>): void;
  symlink(target: string, path: string, answer: Answer<void>): void;
  /** The extensions throw at once where the server does not announce them. */
  ext_openssh_rename(from: string, to: string, answer: Answer<void>): void;
  ext_openssh_hardlink(from: string, to: string, answer: Answer<void>): void;
  ext_openssh_statvfs(path: string, answer: Answer<FileSystem>): void;
  on(event: string, listener: (...args: readonly unknown[]) => void): unknown;
  /** The extensions that the server announced. Not documented, so it may be missing. */
  readonly _extensions?: Readonly<Record<string, string>>;
}

const OPEN_TO_READ = 1;
/** Write, create, fail where the name is taken. */
const OPEN_NEW = 2 | 8 | 32;

export const isDirectory = ({ mode }: Attributes): boolean => (mode & 0o170000) === 0o040000;
export const isRegular = ({ mode }: Attributes): boolean => (mode & 0o170000) === 0o100000;
export const isSymlink = ({ mode }: Attributes): boolean => (mode & 0o170000) === 0o120000;

/** Every server accepts reads and writes of this size. */
const CHUNK_BYTES = 32_768;

/** How many pieces of a file are under way at once. */
const PIECES = 8;

export interface SessionOptions {
  /** The name and version of the server's software. */
  readonly software: string;
  /** Names the server in messages. */
  readonly host: string;
  /** A request without an answer after this time means that the connection is dead. */
  readonly timeoutMs: number;
  readonly onDead: (reason: NoAnswerError) => void;
}

/** One SFTP session. Each request is a promise that settles even when the connection is lost. */
export class SftpSession {
  /** Whether the server carries requests out in the order sent, so that the next need not wait for an answer. */
  readonly ordered: boolean;
  readonly knownFiles = new KnownFiles();
  readonly #raw: RawSftp;
  readonly #options: SessionOptions;
  readonly #pending = new Set<(reason: NoAnswerError) => void>();
  #death: NoAnswerError | undefined;
  #answeredMs = performance.now();

  constructor(raw: RawSftp, options: SessionOptions) {
    this.#raw = raw;
    this.#options = options;
    // The extension shows OpenSSH's own server: sshd also runs other servers, and not all of those keep the order.
    this.ordered = options.software.startsWith('OpenSSH') && raw._extensions?.['lsetstat@openssh.com'] !== undefined;
    for (const event of ['close', 'end', 'error']) raw.on(event, () => this.die('the connection was lost'));
  }

  get alive(): boolean {
    return this.#death === undefined;
  }

  get quietMs(): number {
    return performance.now() - this.#answeredMs;
  }

  /** Rejects every request that is under way: its effect is unknown. */
  die(why: string, silentMs?: number): void {
    if (this.#death) return;
    this.#death = new NoAnswerError(why, true, { silentMs });
    for (const fail of [...this.#pending]) fail(this.#death);
    this.#options.onDead(this.#death);
  }

  /** The server, `host` in messages, has not answered for `ms` milliseconds. */
  #dieOfSilence(ms: number): void {
    this.die(`${this.#options.host} did not answer for ${limitText(ms)}`, ms);
  }

  openNew(path: string, mode: number): Promise<Handle> {
    return this.#ask((answer) => this.#raw.open(path, OPEN_NEW, { mode }, answer));
  }

  openToRead(path: string): Promise<Handle> {
    return this.#ask((answer) => this.#raw.open(path, OPEN_TO_READ, {}, answer));
  }

  close(handle: Handle): Promise<void> {
    return this.#ask((answer) => this.#raw.close(handle, answer));
  }

  /** The answer to one read request, which may be shorter than the file. */
  readOnce(handle: Handle, at: number, size: number): Promise<Buffer> {
    const into = Buffer.allocUnsafe(Math.min(size, CHUNK_BYTES));
    return this.#ask<number>((answer) => this.#raw.read(handle, into, 0, into.length, at, answer)).then((got) =>
      into.subarray(0, got),
    );
  }

  /** Up to `size` bytes from `at` on; fewer only at the end of the file. */
  async read(handle: Handle, at: number, size: number): Promise<Buffer> {
    const offsets = Array.from({ length: Math.ceil(size / CHUNK_BYTES) }, (_, index) => index * CHUNK_BYTES);
    const pieces: Buffer[] = [];
    for (let first = 0; first < offsets.length; first += PIECES) {
      const reads = offsets
        .slice(first, first + PIECES)
        .map((offset) => this.#readPiece(handle, at + offset, Math.min(CHUNK_BYTES, size - offset)));
      for (const piece of await Promise.all(reads)) pieces.push(piece);
    }
    const end = pieces.findIndex((piece, index) => piece.length < CHUNK_BYTES && index < pieces.length - 1);
    return Buffer.concat(end === -1 ? pieces : pieces.slice(0, end + 1));
  }

  async write(handle: Handle, data: Uint8Array, at = 0): Promise<void> {
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    const writes: Promise<void>[] = [];
    for (let offset = 0; offset < bytes.length; offset += CHUNK_BYTES) {
      const length = Math.min(CHUNK_BYTES, bytes.length - offset);
      writes.push(this.#ask((answer) => this.#raw.write(handle, bytes, offset, length, at + offset, answer)));
      if (!this.ordered && writes.length % PIECES === 0) await Promise.all(writes);
    }
    await Promise.all(writes);
  }

  stat(path: string): Promise<Attributes> {
    return this.#ask((answer) => this.#raw.stat(path, answer));
  }

  lstat(path: string): Promise<Attributes> {
    return this.#ask((answer) => this.#raw.lstat(path, answer));
  }

  /** The same, and remembers whether this is a file, so that opening it needs no check first. */
  async lstatAndNote(path: string): Promise<Attributes> {
    try {
      const found = await this.lstat(path);
      this.knownFiles.note(path, isRegular(found));
      return found;
    } catch (error) {
      this.knownFiles.note(path, false);
      throw error;
    }
  }

  fstat(handle: Handle): Promise<Attributes> {
    return this.#ask((answer) => this.#raw.fstat(handle, answer));
  }

  statFileSystem(path: string): Promise<FileSystem> {
    return this.#ask((answer) => this.#raw.ext_openssh_statvfs(path, answer));
  }

  setstat(path: string, changes: Partial<Attributes>): Promise<void> {
    return this.#ask((answer) => this.#raw.setstat(path, changes, answer));
  }

  fsetstat(handle: Handle, changes: Partial<Attributes>): Promise<void> {
    return this.#ask((answer) => this.#raw.fsetstat(handle, changes, answer));
  }

  opendir(path: string): Promise<Handle> {
    return this.#ask((answer) => this.#raw.opendir(path, answer));
  }

  /** The next names of a directory, without `.` and `..`; undefined at the end. */
  async readdir(handle: Handle): Promise<readonly ListedName[] | undefined> {
    try {
      return await this.#ask<readonly ListedName[]>((answer) => this.#raw.readdir(handle, answer));
    } catch (error) {
      if (error instanceof RefusedError && error.code === 'EOF') return undefined;
      throw error;
    }
  }

  mkdir(path: string, mode: number): Promise<void> {
    return this.#ask((answer) => this.#raw.mkdir(path, { mode }, answer));
  }

  rmdir(path: string): Promise<void> {
    return this.#ask((answer) => this.#raw.rmdir(path, answer));
  }

  unlink(path: string): Promise<void> {
    return this.#ask((answer) => this.#raw.unlink(path, answer));
  }

  symlink(target: string, path: string): Promise<void> {
    return this.#ask((answer) => this.#raw.symlink(target, path, answer));
  }

  link(from: string, to: string): Promise<void> {
    return this.#ask((answer) => this.#raw.ext_openssh_hardlink(from, to, answer));
  }

  posixRename(from: string, to: string): Promise<void> {
    return this.#ask((answer) => this.#raw.ext_openssh_rename(from, to, answer));
  }

  plainRename(from: string, to: string): Promise<void> {
    return this.#ask((answer) => this.#raw.rename(from, to, answer));
  }

  async #readPiece(handle: Handle, at: number, size: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (let filled = 0; filled < size;) {
      const part = await this.readOnce(handle, at + filled, size - filled);
      if (part.length === 0) break;
      parts.push(part);
      filled += part.length;
    }
    return Buffer.concat(parts);
  }

  #ask<T>(send: (answer: Answer<T>) => void): Promise<T> {
    const { timeoutMs } = this.#options;
    return new Promise((resolve, reject) => {
      if (this.#death) {
        reject(new NoAnswerError(this.#death.message, false, { silentMs: this.#death.silentMs }));
        return;
      }
      const done = (): void => {
        clearTimeout(timer);
        this.#pending.delete(fail);
      };
      const fail = (reason: Error): void => {
        done();
        reject(reason);
      };
      let timer = setTimeout(() => {
        // An answer may have arrived while this process was suspended: it is read before the second timer fires.
        timer = setTimeout(() => this.#dieOfSilence(timeoutMs), 100).unref();
      }, timeoutMs).unref();
      this.#pending.add(fail);
      try {
        send((error, value) => {
          this.#answeredMs = performance.now();
          if (!error) {
            done();
            resolve(value);
            return;
          }
          const refusal = refusalOf(error);
          if (refusal instanceof NoAnswerError) this.die('the connection was lost');
          fail(refusal);
        });
      } catch (error) {
        fail(new RefusedError('ENOSYS', 'the server does not support this', { cause: error }));
      }
    });
  }
}
