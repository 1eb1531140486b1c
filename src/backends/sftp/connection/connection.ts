import { performance } from 'node:perf_hooks';
import { clearInterval, clearTimeout, setInterval, setTimeout } from 'node:timers';
import { VfsError } from '../../../vfs/errors.js';
import { freshId } from '../../../util/fresh-id.js';
import { stagedPath } from '../../../vfs/names.js';
import { untilAborted } from '../../../util/abort.js';
import { realSleep } from '../../../util/sleep.js';
import type { Transport } from './dial.js';
import type { Staged } from '../files.js';
import { SftpOrphans } from '../orphans.js';
import { hostOf, type ResolvedSftpOptions } from '../options.js';
import { SftpParty } from '../party.js';
import { probe, type SftpAbilities } from '../probe.js';
import { SftpSession } from './session.js';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;

/** Servers limit the number of files open at once, and some close the connection when it is reached. */
const MOST_AT_ONCE = 32;

/** How long a connection that is closed waits for the answers to what clears up, in milliseconds. */
const CLEARING_MS = 1000;

/** Beyond this number the folders without a lock are forgotten. */
const MOST_PARTIES = 1000;

/** The one connection that everything in a store shares: opened on first use, restored when it is lost, closed when it is idle. */
export class SftpConnection {
  readonly #dial: () => Promise<Transport>;
  readonly #options: ResolvedSftpOptions;
  readonly #orphans = new SftpOrphans();
  #live: LiveSession | undefined;
  #connecting: Promise<LiveSession> | undefined;
  #wasConnected = false;

  constructor(dial: () => Promise<Transport>, options: ResolvedSftpOptions) {
    this.#dial = dial;
    this.#options = options;
  }

  /**
   * Does work over the connection, which keeps the process alive until the work is done. `takesTurn`: the work counts among those
   * that run at once. A walk does not, because its consumer may pause it or make other calls meanwhile.
   */
  async use<T>(
    work: (live: LiveSession) => Promise<T>,
    signal: AbortSignal | undefined,
    takesTurn: boolean,
  ): Promise<T> {
    // The connection is made for others even when this caller stops waiting.
    const live = this.live ?? (await untilAborted(this.#connected(), signal));
    live.begin();
    try {
      if (!takesTurn) return await work(live);
      await live.turns.take();
      try {
        return await work(live);
      } finally {
        live.turns.release();
      }
    } finally {
      live.end();
    }
  }

  /** The connection that is open now. */
  get live(): LiveSession | undefined {
    return this.#live?.session.alive ? this.#live : undefined;
  }

  /** Closes the connection. The next use opens a new one. */
  close(): void {
    this.#live?.close('the connection was closed');
    this.#live = undefined;
  }

  #connected(): Promise<LiveSession> {
    this.#connecting ??= this.#connect().finally(() => (this.#connecting = undefined));
    return this.#connecting;
  }

  async #connect(): Promise<LiveSession> {
    const startedMs = performance.now();
    // The first connection fails at once: more likely its address is wrong than that the server is restarting.
    const limitMs = this.#wasConnected ? this.#options.reconnectMs : 0;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        this.#live = new LiveSession(await this.#dial(), this.#options, this.#orphans);
        this.#wasConnected = true;
        return this.#live;
      } catch (error) {
        const hopeless = !(error instanceof VfsError) || !['ERR_VFS_IO', 'ERR_VFS_TIMEOUT'].includes(error.code);
        if (hopeless || performance.now() - startedMs + pauseMs > limitMs) throw error;
        await realSleep(pauseMs * (0.5 + 0.5 * Math.random()));
      }
    }
  }
}

/** One connection from its login to its end. */
export class LiveSession {
  readonly session: SftpSession;
  readonly turns = new Turns(MOST_AT_ONCE);
  /** What this connection keeps of each folder in which it locks. */
  readonly #parties = new Map<string, SftpParty>();
  readonly #transport: Transport;
  readonly #options: ResolvedSftpOptions;
  readonly #orphans: SftpOrphans;
  readonly #pulse: NodeJS.Timeout;
  #abilities: Promise<SftpAbilities> | undefined;
  readonly #kept = new Set<Promise<unknown>>();
  #users = 0;
  #missed = 0;
  #idle: NodeJS.Timeout | undefined;

  constructor(transport: Transport, options: ResolvedSftpOptions, orphans: SftpOrphans) {
    this.#transport = transport;
    this.#options = options;
    this.#orphans = orphans;
    this.session = new SftpSession(transport.sftp, {
      software: transport.software,
      host: hostOf(options),
      timeoutMs: options.timeoutMs,
      onDead: () => this.#shutDown(),
    });
    transport.onGone(() => this.session.die('the connection was lost'));
    this.#pulse = setInterval(() => this.#checkPulse(), Math.max(1, options.keepaliveMs / 2)).unref();
    this.#startIdling();
  }

  /** What the server can do, probed once per connection, in the first folder where it matters. */
  async abilities(folder: string): Promise<SftpAbilities> {
    this.#abilities ??= this.#probe(folder);
    const probing = this.#abilities;
    try {
      return await probing;
    } catch (error) {
      const lacking = error instanceof VfsError && error.code === 'ERR_VFS_UNSUPPORTED';
      if (!lacking && this.#abilities === probing) this.#abilities = undefined;
      throw error;
    }
  }

  async #probe(folder: string): Promise<SftpAbilities> {
    const scratch = stagedPath(`${folder}/`, freshId());
    try {
      return await probe(this.session, scratch);
    } finally {
      this.leaving([{ path: scratch }]);
    }
  }

  /** Called at the end of an operation that made these names. If the connection was lost, they may still exist. */
  leaving(staged: readonly Staged[]): void {
    if (!this.session.alive) this.#orphans.add(staged);
  }

  /** This connection in a folder. */
  partyIn(folder: string, { uid }: Pick<SftpAbilities, 'uid'>): SftpParty {
    const known = this.#parties.get(folder);
    if (known !== undefined) return known;
    if (this.#parties.size >= MOST_PARTIES) this.#forgetParties();
    const party = new SftpParty(this, folder, uid);
    this.#parties.set(folder, party);
    return party;
  }

  /** The id of the holder's folder of this connection in a folder. */
  holderIn(folder: string): string | undefined {
    return this.#parties.get(folder)?.holder.id;
  }

  keep(requests: readonly Promise<unknown>[]): void {
    this.begin();
    const kept = Promise.allSettled(requests);
    this.#kept.add(kept);
    void kept.then(() => {
      this.#kept.delete(kept);
      this.end();
    });
  }

  /** A forgotten party is made again: it has no holder's folder, and no change under way. */
  #forgetParties(): void {
    for (const [folder, { folders, holder }] of this.#parties)
      if (folders.length === 0 && holder.isIdle) this.#parties.delete(folder);
  }

  /** Removes what earlier connections have left behind. */
  clearOrphans(): Promise<void> {
    return this.#orphans.clear(this.session);
  }

  begin(): void {
    this.#users += 1;
    if (this.#users > 1) return;
    clearTimeout(this.#idle);
    this.#transport.hold(true);
  }

  end(): void {
    this.#users -= 1;
    if (this.#users === 0) this.#startIdling();
  }

  /** Requests that only clear up are answered before, within a second. */
  close(why: string): void {
    const end = (): void => this.session.die(why);
    if (this.#kept.size === 0) end();
    else void Promise.race([Promise.allSettled(this.#kept), realSleep(CLEARING_MS)]).then(end);
  }

  #startIdling(): void {
    this.#transport.hold(false);
    if (!this.session.alive) return;
    this.#idle = setTimeout(() => this.close('nobody used the connection'), this.#options.idleMs).unref();
  }

  /**
   * Asks a silent server for a sign of life; any answer is one. It counts missed beats, not milliseconds, because a process
   * that was suspended itself received nothing meanwhile.
   */
  #checkPulse(): void {
    const quiet = this.session.quietMs >= this.#options.keepaliveMs;
    this.#missed = quiet ? this.#missed + 1 : 0;
    if (this.#missed === 1) this.session.stat('/').catch(() => undefined);
    else if (this.#missed > 3) this.session.die('the server gave no sign of life', this.session.quietMs);
  }

  #shutDown(): void {
    // Requests through these folders may still be waiting on the server. The next connection removes the folders first.
    const folders = [...this.#parties.values()].flatMap((party) => party.folders);
    this.#orphans.add(folders.map((path) => ({ path, isHolder: true })));
    clearInterval(this.#pulse);
    clearTimeout(this.#idle);
    this.#transport.end();
  }
}

/** Lets a limited number of works run at once, and the others in the order of their arrival. */
class Turns {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(most: number) {
    this.#free = most;
  }

  async take(): Promise<void> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  release(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free += 1;
  }
}
