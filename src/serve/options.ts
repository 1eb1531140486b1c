import type { Location } from '../open.js';
import { durationMs, type Duration } from '../util/duration.js';
import {
  checkedLater,
  checkOptions,
  DURATION,
  FUNCTION,
  NUMBER,
  STRING,
  type OptionKinds,
} from '../util/option-check.js';
import { LockOptionError } from '../util/option-error.js';
import { checkToken, type ServiceToken, type TokenStore } from './tokens.js';

/** How a lock service is to work. */
export interface LockServiceOptions {
  /** The folder with the locked files: its path on the local disk, its URI, or a store and the path in it. */
  readonly location: Location;
  /**
   * Who may use the service: a list, or a store of tokens that change meanwhile. Without tokens everybody who reaches the service
   * may take locks, so it answers only to loopback names, and locks of others cannot be ended.
   *
   * @default none
   */
  readonly tokens?: readonly ServiceToken[] | TokenStore | undefined;
  /**
   * The path under which the service is mounted, such as `'/locks'`.
   *
   * @default ''
   */
  readonly basePath?: string | undefined;
  /**
   * The host names that requests without tokens may be made to, besides `localhost` and the loopback addresses. Others are
   * refused: a web page could otherwise reach the service under a name of its own.
   *
   * @default none
   */
  readonly hosts?: readonly string[] | undefined;
  /**
   * The longest time that a request may wait for a lock: milliseconds or a duration string. A longer `waitMs` is cut to this.
   *
   * @default '1m'
   */
  readonly maxWait?: Duration | undefined;
  /**
   * How many requests may wait for locks at the same time. More are answered with 429.
   *
   * @default 1000
   */
  readonly maxWaits?: number | undefined;
  /**
   * How many locks each token may hold at the same time; all clients without one count as one. More are answered with 429. An
   * instance knows only the locks that were taken or renewed through itself.
   *
   * @default 20000
   */
  readonly maxLocks?: number | undefined;
  /**
   * How many requests a second each token may make, and at most twice as many at once; all who have none count as one. More are
   * answered with 429.
   *
   * @default 1000
   */
  readonly maxRate?: number | undefined;
  /**
   * The largest body of a request, in bytes.
   *
   * @default 65536
   */
  readonly maxBodyBytes?: number | undefined;
  /**
   * Called with each failure of the store or of the service itself; clients get only its code.
   *
   * @default none
   */
  readonly onError?: ((error: unknown) => void) | undefined;
}

const KINDS: OptionKinds<LockServiceOptions> = {
  location: checkedLater("a folder's path or URI"),
  tokens: checkedLater('a list of tokens or a store of them'),
  basePath: STRING,
  hosts: checkedLater('a list of host names'),
  maxWait: DURATION,
  maxWaits: NUMBER,
  maxLocks: NUMBER,
  maxRate: NUMBER,
  maxBodyBytes: NUMBER,
  onError: FUNCTION,
};

/** The options, checked and with every default filled in. */
export interface ResolvedServiceOptions {
  readonly location: Location;
  readonly tokens: TokenStore | undefined;
  readonly basePath: string;
  readonly hosts: ReadonlySet<string>;
  readonly maxWaitMs: number;
  readonly maxWaits: number;
  readonly maxLocks: number;
  readonly maxRate: number;
  readonly maxBodyBytes: number;
  readonly onError: (error: unknown) => void;
}

export function resolveServiceOptions(options: LockServiceOptions): ResolvedServiceOptions {
  checkOptions('lockService', options, KINDS);
  return {
    location: options.location,
    tokens: storeOf(options.tokens),
    basePath: basePathOf(options.basePath ?? ''),
    hosts: new Set((options.hosts ?? []).map((host) => host.toLowerCase())),
    maxWaitMs: durationMs(options.maxWait ?? '1m', 'maxWait', { zero: true }),
    maxWaits: least(options.maxWaits ?? 1000, 'maxWaits', 0),
    maxLocks: least(options.maxLocks ?? 20_000, 'maxLocks', 1),
    maxRate: least(options.maxRate ?? 1000, 'maxRate', 0.1),
    maxBodyBytes: least(options.maxBodyBytes ?? 65_536, 'maxBodyBytes', 1024),
    onError: options.onError ?? ((): void => undefined),
  };
}

function storeOf(tokens: LockServiceOptions['tokens']): TokenStore | undefined {
  if (tokens === undefined) return undefined;
  if (!Array.isArray(tokens)) return tokens as TokenStore;
  const list = (tokens as readonly ServiceToken[]).map(checkToken);
  return { read: () => Promise.resolve(list) };
}

/** The base path without a slash at its end; it is empty or begins with one. */
export function basePathOf(path: string): string {
  const trimmed = path.replace(/\/+$/, '');
  if (trimmed === '' || /^(?:\/[\w.~-]+)+$/.test(trimmed)) return trimmed;
  throw new LockOptionError(`basePath must be a path such as '/locks', not ${JSON.stringify(path)}`);
}

function least(value: number, name: string, bound: number): number {
  if (value >= bound) return value;
  throw new LockOptionError(`${name} must be at least ${bound}, not ${value}`);
}
