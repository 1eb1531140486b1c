import { eachUntilAborted, untilAborted } from '../../util/abort.js';
import { run, type Eventual, type Steps } from '../../util/steps.js';
import { checkPath } from '../../vfs/path.js';
import type { CallOptions, Entry, ListOptions } from '../../vfs/vfs.js';
import { walk, type Walk } from '../shared/plain/walk.js';
import { SftpConnection, type LiveSession } from './connection/connection.js';
import { borrowedTransport, dial } from './connection/dial.js';
import type { SftpSession } from './connection/session.js';
import { namesIn, readPieces, type FoundEntry } from './data-files.js';
import { NoAnswerError, sftpError, UnfinishedError } from './errors.js';
import { SftpFiles } from './files.js';
import { serverFolderOf } from './server-folder.js';
import { SftpHolderFiles } from './holder-files.js';
import { resolveOptions, type ResolvedSftpOptions, type SftpVfsOptions } from './options.js';
import type { SftpParty } from './party.js';
import type { SftpAbilities } from './probe.js';
import { explained } from './space.js';

/** The longest path that OpenSSH takes, less what staging adds to a lock's. */
const PATH_BYTES = 3900;

/** How long a call that was aborted waits for its request to end by itself. */
const ENDING_MS = 1000;

/** One call of the store: what error messages name it, and whether a lost answer leaves its effect open. */
interface Call extends CallOptions {
  readonly verb: string;
  readonly path: string;
  /** Where the file is to go, in a move. */
  readonly to?: string | undefined;
  readonly effect: 'none' | 'unknown';
}

/** What a change of a lock file works with. */
export interface LockChange {
  readonly files: SftpFiles;
  readonly own: SftpHolderFiles;
  readonly party: SftpParty;
  readonly abilities: SftpAbilities;
}

type Work<T> = (live: LiveSession, located: string) => Promise<T>;

/** Runs the calls of one store over its connection: paths, retries, aborts and errors are the same for all of them. */
export class SftpRunner {
  readonly #options: ResolvedSftpOptions;
  readonly #connection: SftpConnection;
  #hardLinks: boolean;

  constructor(options: SftpVfsOptions) {
    this.#options = resolveOptions(options);
    const { client } = options;
    this.#connection = new SftpConnection(
      client ? () => Promise.resolve(borrowedTransport(client)) : () => dial(options, this.#options),
      this.#options,
    );
    this.#hardLinks = this.#options.hardLinks;
  }

  /** Whether creations go through hard links: until the first probe what most servers can do. */
  get hardLinks(): boolean {
    return this.#hardLinks;
  }

  get root(): string {
    return this.#options.root;
  }

  check(path: string): void {
    checkPath(path, { nameBytes: 255, pathBytes: PATH_BYTES - Buffer.byteLength(this.root) });
  }

  locate(path: string): string {
    return `sftp://${authorityOf(this.#options)}${`${this.root}/${path}`.split('/').map(encodeURIComponent).join('/')}`;
  }

  /** Where a path of the store is on the server. */
  onServer(path: string): string {
    return path === '' ? this.root || '/' : `${this.root}/${path}`;
  }

  close(): void {
    this.#connection.close();
  }

  /** Probes the server in a folder, unless this connection was probed already. */
  async connect(folder: string): Promise<void> {
    if (folder !== '') this.check(folder);
    const call: Call = { verb: 'connect', path: folder, effect: 'none' };
    await this.#use(call, true, async (live, located) => {
      try {
        await this.#abilitiesIn(live, located);
      } catch (error) {
        throw await explained(live.session, located, error);
      }
    });
  }

  /** Runs a call that only reads. */
  async read<T>(verb: string, path: string, { signal }: CallOptions = {}, work: Work<T>): Promise<T> {
    this.check(path);
    return await this.#use({ verb, path, signal, effect: 'none' }, true, work);
  }

  /** Runs a call that changes something. */
  async change<T>(
    verb: string,
    path: string,
    { signal, to }: CallOptions & { readonly to?: string } = {},
    work: Work<T>,
  ): Promise<T> {
    this.check(path);
    return await this.#use({ verb, path, to, signal, effect: 'unknown' }, true, explaining(work));
  }

  /** Runs a change of a lock file. */
  swap<T>(
    verb: string,
    path: string,
    options: CallOptions | undefined,
    work: (files: LockChange, located: string) => Steps<T>,
  ): Promise<T> {
    return this.change(verb, path, options, async (live, located) => {
      const abilities = await this.abilities(live, located);
      const party = live.partyIn(serverFolderOf(located), abilities);
      const files = new SftpFiles(live.session, abilities, located, options?.signal);
      const own = new SftpHolderFiles(live.session, files, party, options?.signal);
      try {
        return await run(work({ files, own, party, abilities }, located));
      } finally {
        live.leaving(files.staged);
      }
    });
  }

  /** The id of the holder's folder beside a lock file, which is made if there is none. Undefined: none can be there. */
  holderFolder(path: string, options: CallOptions | undefined): Eventual<string | undefined> {
    const known = this.#connection.live?.holderIn(serverFolderOf(this.onServer(path)));
    if (known !== undefined) return known;
    const make: Work<string | undefined> = async (live, located) => {
      const abilities = await this.abilities(live, located);
      const party = live.partyIn(serverFolderOf(located), abilities);
      if (!abilities.holders || !(await party.allows())) return undefined;
      const files = new SftpFiles(live.session, abilities, located, options?.signal);
      return await run(party.holder.via(new SftpHolderFiles(live.session, files, party, options?.signal), located));
    };
    return this.read('lock', path, options, explaining(make));
  }

  /** Whether a lock file was seen at a path lately, so that reading it costs less than to try to create it. */
  wasSeen(path: string): boolean {
    return this.#connection.live?.session.knownFiles.has(this.onServer(path)) ?? false;
  }

  /** What the server can do, as probed beside the file that is to be changed. */
  abilities(live: LiveSession, located: string): Promise<SftpAbilities> {
    return this.#abilitiesIn(live, serverFolderOf(located));
  }

  async *walk(
    folder: string,
    options: ListOptions,
    through: (session: SftpSession) => Pick<Walk<FoundEntry>, 'visit' | 'enters'>,
  ): AsyncGenerator<Entry> {
    if (folder !== '') this.check(folder);
    const { signal } = options;
    const held = await this.#hold(folder, signal);
    const { session } = held.live;
    try {
      const entries = walk<FoundEntry>(folder, {
        ...options,
        ...through(session),
        namesIn: (below) => namesIn(session, this.onServer(below)),
        failure: (error, below) => sftpError('list', this.locate(below), error, 'none', signal),
        isFinal: (error) => error instanceof NoAnswerError,
      });
      const errorOf = (cause: unknown): Error =>
        sftpError('list', this.locate(folder), new UnfinishedError(cause), 'none', signal);
      yield* eachUntilAborted(entries, signal, { graceMs: ENDING_MS, errorOf });
    } finally {
      held.done();
    }
  }

  async *pieces(path: string, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
    const held = await this.#hold(path, signal);
    try {
      for await (const piece of readPieces(held.live.session, this.onServer(path))) {
        signal?.throwIfAborted();
        yield piece;
      }
    } catch (error) {
      throw sftpError('read', this.locate(path), error, 'none', signal);
    } finally {
      held.done();
    }
  }

  async #abilitiesIn(live: LiveSession, folder: string): Promise<SftpAbilities> {
    await live.clearOrphans();
    const probed = await live.abilities(folder);
    const hardLinks = probed.hardLinks && this.#options.hardLinks;
    this.#hardLinks = hardLinks;
    return { ...probed, hardLinks, holders: probed.holders && hardLinks };
  }

  /** Keeps the connection for an iteration, pauses of its consumer included. */
  async #hold(
    path: string,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly live: LiveSession; readonly done: () => void }> {
    let done = (): void => undefined;
    const until = new Promise<void>((resolve) => (done = resolve));
    const live = await new Promise<LiveSession>((resolve, reject) => {
      const work = (held: LiveSession): Promise<void> => {
        resolve(held);
        return until;
      };
      this.#use({ verb: 'walk', path, signal, effect: 'none' }, false, work).catch(reject);
    });
    return { live, done };
  }

  /** A call that only reads is repeated once, over a new connection, when its answer was lost; so is one that was never sent. */
  async #use<T>({ verb, path, to, signal, effect }: Call, takesTurn: boolean, work: Work<T>): Promise<T> {
    try {
      signal?.throwIfAborted();
      const once = (): Promise<T> => this.#connection.use((live) => work(live, this.onServer(path)), signal, takesTurn);
      const twice = once().catch((error: unknown) => {
        if (!(error instanceof NoAnswerError) || (effect === 'unknown' && error.sent)) throw error;
        // A server that did not answer within the whole time limit would not answer now either.
        if (error.silentMs !== undefined && error.sent) throw error;
        return once();
      });
      // Work that stops by itself after an abort knows what it has done, so it gets a little time.
      return await untilAborted(twice, signal, { graceMs: ENDING_MS, errorOf: (cause) => new UnfinishedError(cause) });
    } catch (error) {
      const ends = to === undefined ? this.locate(path) : `${this.locate(path)} to ${this.locate(to)}`;
      throw sftpError(verb, ends, error, effect, signal);
    }
  }
}

/** The same work, which fails with the reason that the state of the file system shows. */
function explaining<T>(work: Work<T>): Work<T> {
  return async (live, located) => {
    try {
      return await work(live, located);
    } catch (error) {
      throw await explained(live.session, serverFolderOf(located), error);
    }
  };
}

function authorityOf({ host, port, username }: ResolvedSftpOptions): string {
  const shown = host.includes(':') ? `[${host}]` : host;
  return `${encodeURIComponent(username)}@${shown}${port === 22 ? '' : `:${String(port)}`}`;
}
