import { Readable } from 'node:stream';

import { freshId } from '../../util/fresh-id.js';
import { stagedPath } from '../../vfs/names.js';
import { checkPath } from '../../vfs/path.js';
import { run, type Steps } from '../../util/steps.js';
import type {
  CallOptions,
  Capabilities,
  Entry,
  Leftovers,
  ListOptions,
  ReadOptions,
  Snapshot,
  Stat,
  Version,
  Vfs,
  Written,
} from '../../vfs/vfs.js';
import { untilAborted } from '../../util/abort.js';
import { SftpConnection, type LiveSession } from './connection/connection.js';
import { borrowedTransport, dial } from './connection/dial.js';
import { NoAnswerError, sftpError, UnfinishedError } from './errors.js';
import { serverFolderOf, SftpFiles } from './files.js';
import { sftpTerms, type SftpTerms, type SftpVfsOptions } from './options.js';
import { clearLeftover, leftoverOf } from './leftovers.js';
import {
  deleteFile,
  entryOfFile,
  makeFolders,
  moveByLink,
  namesIn,
  readPieces,
  statFile,
  writeFile,
  type FoundEntry,
} from './data-files.js';
import { UNPROBED, type SftpAbilities } from './probe.js';
import type { SftpSession } from './connection/session.js';
import { explained } from './space.js';
import { removeFile, replaceFile } from '../shared/plain/lock-files.js';
import { walk, type Walk } from '../shared/plain/walk.js';
import { createFile, moveByCopy, readFile } from './lock-files.js';
import { isPrivateName } from '../../vfs/names.js';

export type { KeyboardPrompt, SftpVfsOptions } from './options.js';

/** The longest path that OpenSSH takes, less what staging adds to a lock's. */
const PATH_BYTES = 3900;

/** How long a call that was aborted waits for its request to end by itself. */
const ENDING_MS = 2000;

type Work<T> = (live: LiveSession, located: string) => Promise<T>;

/** Files on an SFTP server. Everything goes over one connection, made when it is first needed. */
export class SftpVfs implements Vfs {
  readonly scheme = 'sftp';
  readonly #terms: SftpTerms;
  readonly #connection: SftpConnection;
  readonly #authority: string;
  #hardLinks: boolean;

  constructor(options: SftpVfsOptions) {
    this.#terms = sftpTerms(options);
    const { client } = options;
    this.#connection = new SftpConnection(
      client ? () => Promise.resolve(borrowedTransport(client)) : () => dial(options, this.#terms),
      this.#terms,
    );
    this.#hardLinks = this.#terms.hardLinks;
    this.#authority = authorityOf(this.#terms);
  }

  get leftovers(): Leftovers {
    return {
      list: (folder, options = {}) =>
        this.#walk(folder, options, (session) => ({
          visit: (path, found) => leftoverOf(session, this.#onServer(path), path, found),
          enters: (name) => (options.recursive ?? false) && !isPrivateName(name),
        })),
      clear: ({ path, modifiedMs }, options) =>
        this.#do('clear', path, options, 'unknown', ({ session }, located) =>
          clearLeftover(session, located, modifiedMs),
        ),
    };
  }

  /** Until the first change what most servers can do, from then on what was seen of this one. */
  get capabilities(): Capabilities {
    return {
      create: this.#hardLinks ? 'atomic' : 'guarded',
      replace: 'guarded',
      remove: 'guarded',
      move: this.#hardLinks ? 'atomic' : 'copy',
      // Whole seconds, of a system clock that steps some milliseconds at a time.
      clock: { source: 'store', resolutionMs: 1010 },
      durable: true,
      poll: { minMs: 200, maxMs: 3000 },
    };
  }

  check(path: string): void {
    checkPath(path, { nameBytes: 255, pathBytes: PATH_BYTES - Buffer.byteLength(this.#terms.root) });
  }

  locate(path: string): string {
    const whole = `${this.#terms.root}/${path}`;
    return `sftp://${this.#authority}${whole.split('/').map(encodeURIComponent).join('/')}`;
  }

  /** Connects, and tries in a folder what the server can do. Otherwise that happens at the first change. */
  async connect(folder = ''): Promise<Capabilities> {
    await this.#do('connect', folder, {}, 'none', (live, located) => this.#abilities(live, `${located}/`));
    return this.capabilities;
  }

  /** Closes the connection, unless it was handed in. The next call makes a new one. */
  close(): void {
    this.#connection.close();
  }

  read(path: string, { clock = false, maxBytes = Infinity, signal }: ReadOptions = {}): Promise<Snapshot | undefined> {
    return this.#do('read', path, { signal }, 'none', async (live, located) => {
      const files = new SftpFiles(live.session, UNPROBED, located, signal);
      try {
        const snapshot = await run(readFile(files, located, { clock, maxBytes }));
        return snapshot && { ...snapshot, path };
      } finally {
        live.leaving(files.staged);
      }
    });
  }

  create(path: string, data: Uint8Array, options?: CallOptions): Promise<Written | undefined> {
    return this.#change('create', path, options, (files, located, { hardLinks }) =>
      createFile(files, located, data, hardLinks),
    );
  }

  replace(path: string, version: Version, data: Uint8Array, options?: CallOptions): Promise<Written | undefined> {
    return this.#change('replace', path, options, (files, located) => replaceFile(files, located, version, data));
  }

  remove(path: string, version: Version, options?: CallOptions): Promise<boolean> {
    return this.#change('remove', path, options, (files, located) => removeFile(files, located, version));
  }

  stat(path: string, options?: CallOptions): Promise<Stat | undefined> {
    return this.#do('stat', path, options, 'none', ({ session }, located) => statFile(session, located));
  }

  list(folder: string, options: ListOptions = {}): AsyncGenerator<Entry> {
    return this.#walk(folder, options, () => ({ visit: entryOfFile, enters: () => options.recursive ?? false }));
  }

  write(path: string, data: Uint8Array | AsyncIterable<Uint8Array>, options?: CallOptions): Promise<void> {
    return this.#do('write', path, options, 'unknown', async (live, located) => {
      await makeFolders(live.session, this.#terms.root, located);
      const abilities = await this.#abilities(live, located);
      const staged = stagedPath(located, freshId());
      try {
        await writeFile(live.session, abilities, { staged, path: located }, data, options?.signal);
      } finally {
        live.leaving([{ path: staged }]);
      }
    });
  }

  async move(from: string, to: string, options?: CallOptions): Promise<void> {
    this.check(to);
    await this.#do('move', from, options, 'unknown', async (live, located) => {
      const target = this.#onServer(to);
      await makeFolders(live.session, this.#terms.root, target);
      const abilities = await this.#abilities(live, target);
      if (abilities.hardLinks) await moveByLink(live.session, located, target);
      else await run(moveByCopy(new SftpFiles(live.session, abilities, target), located, target));
    });
  }

  delete(path: string, options?: CallOptions): Promise<boolean> {
    return this.#do('delete', path, options, 'unknown', ({ session }, located) => deleteFile(session, located));
  }

  readStream(path: string, { signal }: CallOptions = {}): Readable {
    this.check(path);
    return Readable.from(this.#pieces(path, signal), { objectMode: false });
  }

  async *#walk(
    folder: string,
    options: ListOptions,
    through: (session: SftpSession) => Pick<Walk<FoundEntry>, 'visit' | 'enters'>,
  ): AsyncGenerator<Entry> {
    if (folder !== '') this.check(folder);
    const { signal } = options;
    const held = await this.#holding(folder, signal);
    const { session } = held.live;
    try {
      yield* walk<FoundEntry>(folder, {
        ...options,
        ...through(session),
        namesIn: (below) => namesIn(session, below === '' ? this.#terms.root || '/' : this.#onServer(below)),
        failure: (error, below) => sftpError('list', this.locate(below), error, 'none', signal),
        isFinal: (error) => error instanceof NoAnswerError,
      });
    } finally {
      held.done();
    }
  }

  async *#pieces(path: string, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
    const held = await this.#holding(path, signal);
    try {
      for await (const piece of readPieces(held.live.session, this.#onServer(path))) {
        signal?.throwIfAborted();
        yield piece;
      }
    } catch (error) {
      throw sftpError('read', this.locate(path), error, 'none', signal);
    } finally {
      held.done();
    }
  }

  /** The connection for as long as a walk takes, with its caller's pauses. */
  async #holding(path: string, signal: AbortSignal | undefined) {
    let done = (): void => undefined;
    const until = new Promise<void>((resolve) => (done = resolve));
    const live = await new Promise<LiveSession>((resolve, reject) => {
      const work = (held: LiveSession): Promise<void> => {
        resolve(held);
        return until;
      };
      this.#do('walk', path, { signal }, 'none', work).catch(reject);
    });
    return { live, done };
  }

  #change<T>(
    verb: string,
    path: string,
    options: CallOptions | undefined,
    work: (files: SftpFiles, located: string, abilities: SftpAbilities) => Steps<T>,
  ): Promise<T> {
    return this.#do(verb, path, options, 'unknown', async (live, located) => {
      const abilities = await this.#abilities(live, located);
      const files = new SftpFiles(live.session, abilities, located, options?.signal);
      try {
        return await run(work(files, located, abilities));
      } finally {
        live.leaving(files.staged);
      }
    });
  }

  async #abilities(live: LiveSession, located: string): Promise<SftpAbilities> {
    await live.tidy();
    const proved = await live.abilities(serverFolderOf(located));
    const hardLinks = proved.hardLinks && this.#terms.hardLinks;
    this.#hardLinks = hardLinks;
    return { ...proved, hardLinks };
  }

  /** What only reads is done again once, over a new connection, when its answer was lost; so is what never left. */
  async #do<T>(
    verb: string,
    path: string,
    { signal }: CallOptions = {},
    effect: 'none' | 'unknown',
    work: Work<T>,
  ): Promise<T> {
    if (verb !== 'connect' && verb !== 'walk') this.check(path);
    const located = this.#onServer(path);
    const attempt = async (live: LiveSession): Promise<T> => {
      try {
        return await work(live, located);
      } catch (error) {
        throw verb === 'connect' || effect === 'unknown'
          ? await explained(live.session, serverFolderOf(located), error)
          : error;
      }
    };
    try {
      signal?.throwIfAborted();
      const once = (): Promise<T> => this.#connection.use(attempt, signal, verb !== 'walk');
      const twice = once().catch((error: unknown) => {
        if (!(error instanceof NoAnswerError) || (effect === 'unknown' && error.sent)) throw error;
        return once();
      });
      // Work that stops by itself after an abort knows what it has done, so it gets a little time.
      return await untilAborted(twice, signal, { graceMs: ENDING_MS, errorOf: (cause) => new UnfinishedError(cause) });
    } catch (error) {
      throw sftpError(verb, this.locate(path), error, effect, signal);
    }
  }

  #onServer(path: string): string {
    return `${this.#terms.root}/${path}`;
  }
}

/** Files on an SFTP server. Makes no connection until it is asked to do something. */
export function sftpVfs(options: SftpVfsOptions): SftpVfs {
  return new SftpVfs(options);
}

function authorityOf({ host, port, username }: SftpTerms): string {
  const shown = host.includes(':') ? `[${host}]` : host;
  return `${encodeURIComponent(username)}@${shown}${port === 22 ? '' : `:${String(port)}`}`;
}
