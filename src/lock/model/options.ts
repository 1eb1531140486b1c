import { didYouMean, durationMs, type Duration } from '../../util/duration.js';
import { BOOLEAN, checkedLater, DURATION, FUNCTION, STRING, type OptionKinds } from '../../util/option-check.js';
import { LockOptionError } from '../../util/option-error.js';
import type { VfsFile } from '../../vfs/file.js';
import { goJson } from './go-json.js';
import { hasProcess, type ProcessIdentity } from './process.js';
import { MAX_RECORD_BYTES, plainNote, type LockRecord } from './record.js';
import type { StaleReason } from './staleness.js';

/** How a lock is held. Durations are milliseconds or strings such as `'5m'`. */
export interface LockOptions {
  /**
   * How long the lock lasts without a renewal: at least 100 ms, or `Infinity`. After a crash others wait this long, except on the
   * same host, where a dead process is noticed at once.
   *
   * @default '30s'
   */
  readonly ttl?: Duration | undefined;
  /**
   * Renew in the background every third of `ttl`, and every minute where `ttl` is `Infinity`: that a lock without end was removed,
   * for example by a cleaner of old files, is noticed so. With false the lock is lost after `ttl`, unless you call `renew`.
   *
   * @default true
   */
  readonly renew?: boolean | undefined;
  /**
   * For how long the lock may be held at most, in milliseconds or as a duration string, by a clock that stands still while the machine
   * sleeps. Then it is lost with the reason `'max-hold'`, `signal` aborts, and it is not renewed any more: so a holder that lives but
   * is stuck does not keep others away for ever. They get the lock when its lease ends, or when the holder releases it.
   *
   * @default Infinity
   */
  readonly maxHold?: Duration | undefined;
  /**
   * Who holds the lock, in your own words, at most 256 characters. Others see it in messages and in the lock file.
   *
   * @default ''
   */
  readonly ownerId?: string | undefined;
  /**
   * For how long after the lease ended only the same `ownerId` may take the lock over, in milliseconds or as a duration string.
   * A lock whose process has provably ended is free at once for everybody. Needs an explicit, finite `ttl`.
   *
   * @default 0
   */
  readonly grace?: Duration | undefined;
  /**
   * Called before a stale lock is taken over. If it returns false, the lock is left alone; if it throws, the acquisition ends
   * with that error.
   *
   * @default every stale lock is taken over
   */
  readonly onStale?: StaleHandler | undefined;
  /**
   * Data of your own in the lock file, for others to read: a plain JSON object of at most 32 KiB and 64 levels.
   *
   * @default none
   */
  readonly note?: Readonly<Record<string, unknown>> | undefined;
  /**
   * The process on this host whose end makes the lock stale at once. `'none'`: only the end of its lease makes it stale.
   *
   * @default process.pid
   */
  readonly pid?: number | 'none' | undefined;
  /**
   * A group of processes on this host that works under the lock and may outlive `pid`: the lock is not stale while any process is
   * in it. `'later'`: `renew` will name one; until then only the end of the lease makes the lock stale.
   *
   * @default none
   */
  readonly processGroup?: number | 'later' | undefined;
  /**
   * The user that holds the lock, for others to read, at most 256 characters. It is not looked up by itself, as directories of
   * users may be slow.
   *
   * @default ''
   */
  readonly user?: string | undefined;
  /**
   * The command that runs under the lock, word by word, for others to read: beware of secrets among its arguments. What goes
   * beyond 4 KiB is cut.
   *
   * @default []
   */
  readonly command?: readonly string[] | undefined;
  /**
   * The program that holds the lock, and its version, for others to read, at most 256 characters. The command line says
   * `vfs-lockfile` and its own version.
   *
   * @default ''
   */
  readonly tool?: string | undefined;
  /**
   * On the local disk, resolve symbolic links in the folder of the file first, so that the lock stays the same one when such a link
   * (`current -> releases/42`) is changed meanwhile, and messages show the real path. The file need not exist, and a link in its
   * own place is not followed. This reads the disk at once.
   *
   * @default false
   */
  readonly realpath?: boolean | undefined;
  /**
   * Count the acquisitions: each gets a `fencingToken` that is higher than those of all before it. The count is kept in the lock file,
   * which stays when the lock is released and says then that the lock is free. Do not remove such files: the count would start again.
   * Callers without this option go on counting where they meet a count, so a mixed fleet does not lose it.
   *
   * @default false
   */
  readonly fencing?: boolean | undefined;
  /**
   * Another lock file, where the usual name is taken or the folder cannot be written to: a path relative to the folder of the
   * locked file, an absolute one, or a URI of the same store. All who lock the file have to name the same one.
   *
   * @default the path of the file, with `.lock` behind it
   */
  readonly lockPath?: string | VfsFile | undefined;
}

/** Decides about a stale lock: only `false` prevents its takeover. `record` is undefined when it cannot be read. */
export type StaleHandler = (record: LockRecord | undefined, reason: StaleReason) => unknown;

/** What a renewal changes in the lock file. */
export interface RenewOptions {
  /**
   * A group of processes that works under the lock and may outlive `pid`: the lock is not stale while any process is in it.
   *
   * @default the one so far
   */
  readonly processGroup?: number | undefined;
}

/** `LockOptions`, checked and with every default filled in. */
export interface ResolvedLockOptions {
  readonly ttlMs: number;
  readonly renew: boolean;
  readonly maxHoldMs: number;
  readonly ownerId: string;
  readonly graceMs: number;
  readonly onStale: StaleHandler | undefined;
  readonly note: Readonly<Record<string, unknown>> | undefined;
  readonly pid: number | 'none';
  readonly processGroup: number;
  readonly user: string;
  readonly command: readonly string[];
  readonly tool: string;
  readonly fencing: boolean;
  /** Stands in the record instead of the process with `pid`, for a lock that outlives this process. */
  readonly holder?: ProcessIdentity | undefined;
}

export const LOCK_OPTIONS: OptionKinds<LockOptions> = {
  ttl: DURATION,
  renew: BOOLEAN,
  maxHold: DURATION,
  ownerId: STRING,
  grace: DURATION,
  onStale: FUNCTION,
  note: checkedLater('a plain object'),
  pid: checkedLater('a number, or none'),
  processGroup: checkedLater('a number, or later'),
  user: STRING,
  command: checkedLater('an array of strings'),
  tool: STRING,
  realpath: BOOLEAN,
  fencing: BOOLEAN,
  lockPath: checkedLater('a path, a URI or a VfsFile'),
};

const SHORTEST_TTL_MS = 100;

/** In characters. */
export const LONGEST_OWNER = 256;

/** In characters. */
const LONGEST_COMMAND = 4096;

const MAX_NOTE_BYTES = MAX_RECORD_BYTES / 2;

export function resolveLockOptions(options: LockOptions): ResolvedLockOptions {
  const ttlMs = durationMs(options.ttl ?? '30s', 'ttl', { infinity: true });
  if (ttlMs < SHORTEST_TTL_MS) {
    const meant = didYouMean(typeof options.ttl === 'number' ? `${String(options.ttl)}s` : undefined);
    throw new LockOptionError(`ttl must be at least ${String(SHORTEST_TTL_MS)} ms, not ${String(options.ttl)}${meant}`);
  }
  return {
    ttlMs,
    renew: options.renew ?? true,
    maxHoldMs: durationMs(options.maxHold ?? Infinity, 'maxHold', { infinity: true }),
    ownerId: shortText('ownerId', options.ownerId ?? ''),
    graceMs: graceOf(options, ttlMs),
    onStale: options.onStale,
    note: noteOf(options.note),
    pid: pidOf(options.pid ?? process.pid),
    processGroup: groupOf(options.processGroup ?? 0),
    user: shortText('user', options.user ?? ''),
    command: commandOf(options.command ?? []),
    tool: shortText('tool', options.tool ?? ''),
    fencing: options.fencing ?? false,
  };
}

function graceOf({ grace, ttl }: LockOptions, ttlMs: number): number {
  if (grace === undefined) return 0;
  if (ttl === undefined) throw new LockOptionError('grace needs a ttl, as it begins when that ends');
  if (ttlMs === Infinity) throw new LockOptionError('grace needs a finite ttl, as it begins when that ends');
  return durationMs(grace, 'grace', { zero: true });
}

function shortText(name: string, text: string): string {
  if (text.length <= LONGEST_OWNER) return text;
  throw new LockOptionError(`${name} must have at most ${LONGEST_OWNER} characters, not ${text.length}`);
}

function groupOf(group: number | 'later'): number {
  if (group === 'later') return -1;
  if (Number.isSafeInteger(group) && group >= 0) return group;
  throw new LockOptionError(`processGroup must be a positive integer, not ${String(group)}`);
}

/** A copy, with an ellipsis in the place of what is cut. */
function commandOf(command: LockOptions['command'] = []): readonly string[] {
  if (!Array.isArray(command) || !command.every((word) => typeof word === 'string')) {
    throw new LockOptionError('command must be an array of strings');
  }
  let left = LONGEST_COMMAND;
  const words: string[] = [];
  for (const word of command as readonly string[]) {
    words.push(word.length <= left ? word : `${word.slice(0, left)}…`);
    left -= word.length + 1;
    if (left < 0) break;
  }
  return words;
}

function pidOf(pid: number | 'none'): number | 'none' {
  if (pid === 'none') return pid;
  if (!Number.isSafeInteger(pid) || pid <= 0) {
    throw new LockOptionError(`pid must be a positive integer, not ${String(pid)}`);
  }
  // The lock of a process that has ended would be stale from the start.
  if (pid === process.pid || hasProcess(pid)) return pid;
  throw new LockOptionError(`pid must be a running process of this host; there is no process ${String(pid)}`);
}

/** A copy, so that later writes contain what was checked now. It leaves room for the other members of a record. */
function noteOf(note: LockOptions['note']): ResolvedLockOptions['note'] {
  if (note === undefined) return undefined;
  const plain = plainNote(note);
  const bytes = Buffer.byteLength(goJson(plain));
  if (bytes <= MAX_NOTE_BYTES) return plain;
  throw new LockOptionError(`note must take at most ${MAX_NOTE_BYTES} bytes in the lock file, not ${bytes}`);
}
