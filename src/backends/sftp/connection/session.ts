import { performance } from 'node:perf_hooks';
import { clearTimeout, setTimeout } from 'node:timers';
import { limitText } from '../../../util/abort.js';
import { NoAnswerError, refusalOf, RefusedError } from '../errors.js';
import { VagueAbsence } from './absence.js';
import { KnownFiles } from './known-files.js';
import {
  isRegular,
  type Answer,
  type Attributes,
  type Changes,
  type FileSystem,
  type Handle,
  type ListedName,
  type RawSftp,
} from './raw-sftp.js';

const OPEN_TO_READ = 1;
/** Write, create, fail where the name is taken. */
const OPEN_NEW = 2 | 8 | 32;

/** Write, append, create. */
const OPEN_TO_APPEND = 2 | 4 | 8;

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
  readonly #absence = new VagueAbsence({ lstat: (path) => this.#lstat(path), names: (path) => this.names(path) });
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

  get software(): string {
    return this.#options.software;
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
    return this.#absence.settled(
      path,
      this.#ask((answer) => this.#raw.open(path, OPEN_TO_READ, {}, answer)),
    );
  }

  openToAppend(path: string, mode: number): Promise<Handle> {
    return this.#ask((answer) => this.#raw.open(path, OPEN_TO_APPEND, { mode }, answer));
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
    return this.#absence.settled(
      path,
      this.#ask((answer) => this.#raw.stat(path, answer)),
    );
  }

  lstat(path: string): Promise<Attributes> {
    return this.#absence.settled(path, this.#lstat(path));
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

  /** Never follows a link. Rejects with `ENOSYS` where the server cannot promise that. */
  lsetstat(path: string, changes: Changes): Promise<void> {
    return this.#ask((answer) => this.#raw.ext_openssh_lsetstat(path, changes, answer));
  }

  fsetstat(handle: Handle, changes: Changes): Promise<void> {
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

  #lstat(path: string): Promise<Attributes> {
    return this.#ask((answer) => this.#raw.lstat(path, answer));
  }

  /** All names in a directory, without `.` and `..`. */
  async names(path: string): Promise<readonly string[]> {
    const handle = await this.opendir(path);
    try {
      const names: string[] = [];
      for (let found; (found = await this.readdir(handle)) !== undefined;)
        names.push(...found.map(({ filename }) => filename).filter((name) => name !== '.' && name !== '..'));
      return names;
    } finally {
      void this.close(handle).catch(() => undefined);
    }
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
