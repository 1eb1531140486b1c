import { durationMs, type Duration } from '../../util/duration.js';
import {
  BOOLEAN,
  checkedLater,
  checkOptions,
  DURATION,
  FUNCTION,
  NUMBER,
  OBJECT,
  STRING,
  type OptionKinds,
} from '../../util/option-check.js';
import { kindOf } from '../../util/option-error.js';
import { VfsError } from '../../vfs/errors.js';
import type { HostKeyOptions } from './connection/host-key.js';

/** One question of a server that asks for more than a password. */
export interface KeyboardPrompt {
  /** The text of the question. */
  readonly prompt: string;
  /** Whether the answer may be visible while it is typed: false for secrets. */
  readonly echo?: boolean;
}

/** How to reach a server and how to log in. Durations are milliseconds, or strings such as `'5s'`. */
export interface SftpVfsOptions extends HostKeyOptions {
  /**
   * Name or address of the server.
   * @default the one of `client`; without a client it is required
   */
  readonly host?: string | undefined;
  /**
   * The TCP port of the server.
   * @default the one of `client`; without a client 22
   */
  readonly port?: number | undefined;
  /**
   * The name to log in with.
   * @default the one of `client`; without a client it is required
   */
  readonly username?: string | undefined;
  /**
   * The folder that paths are relative to, as an absolute path on the server.
   * @default '/', the root that the server shows
   */
  readonly root?: string | undefined;
  /**
   * The password; also the answer to hidden questions of the server, unless `keyboardInteractive` is given.
   * @default undefined: no login by password
   */
  readonly password?: string | undefined;
  /**
   * The content of a private key, not the name of its file.
   * @default undefined: no login by this key
   */
  readonly privateKey?: string | Buffer | undefined;
  /**
   * The passphrase of the private key.
   * @default undefined: the key is not encrypted
   */
  readonly passphrase?: string | undefined;
  /**
   * The socket of an SSH agent, usually `process.env.SSH_AUTH_SOCK`.
   * @default undefined: no agent
   */
  readonly agent?: string | undefined;
  /**
   * Answers the server's questions, in their order.
   * @default the password to each question whose answer is hidden, an empty answer to the others
   */
  readonly keyboardInteractive?:
    ((prompts: readonly KeyboardPrompt[]) => readonly string[] | Promise<readonly string[]>) | undefined;
  /**
   * A connected client of `ssh2-sftp-client` to work through. It is never closed and never reconnected.
   * @default a client of the store's own
   */
  readonly client?: object | undefined;
  /**
   * False: never make hard links, even where the server can. All programs that lock in a folder must agree on this.
   * @default true
   */
  readonly hardLinks?: boolean | undefined;
  /**
   * Limit for connecting and logging in.
   * @default '20s'
   */
  readonly connectTimeout?: Duration | undefined;
  /**
   * Limit for the answer to one request. After it the connection is closed, and the call rejects with `ERR_VFS_TIMEOUT`, as one
   * does that cannot connect within `connectTimeout`.
   * @default '10s'
   */
  readonly timeout?: Duration | undefined;
  /**
   * How long a connection may be silent before the library asks the server for a sign of life.
   * @default '5s'
   */
  readonly keepalive?: Duration | undefined;
  /**
   * How long to keep trying to restore a lost connection, with growing pauses. 0: try once.
   * @default '20s'
   */
  readonly reconnect?: Duration | undefined;
  /**
   * How long an unused connection stays open. It never keeps the process alive.
   * @default '1m'
   */
  readonly idle?: Duration | undefined;
}

/** `SftpVfsOptions`, checked and with every default filled in. */
export interface ResolvedSftpOptions {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  /** Absolute, without a slash at its end. */
  readonly root: string;
  readonly hardLinks: boolean;
  readonly connectTimeoutMs: number;
  readonly timeoutMs: number;
  readonly keepaliveMs: number;
  readonly reconnectMs: number;
  readonly idleMs: number;
}

const OPTIONS: OptionKinds<SftpVfsOptions> = {
  host: STRING,
  port: NUMBER,
  username: STRING,
  root: STRING,
  password: STRING,
  privateKey: checkedLater('the content of a key file'),
  passphrase: STRING,
  agent: STRING,
  keyboardInteractive: FUNCTION,
  client: OBJECT,
  hardLinks: BOOLEAN,
  connectTimeout: DURATION,
  timeout: DURATION,
  keepalive: DURATION,
  reconnect: DURATION,
  idle: DURATION,
  hostKey: checkedLater('one or more fingerprints'),
  knownHosts: checkedLater('one or more paths'),
  trustOnFirstUse: BOOLEAN,
};

export function resolveOptions(options: SftpVfsOptions): ResolvedSftpOptions {
  checkOptions('sftpVfs', options, OPTIONS);
  const { root = '/', hardLinks = true, client } = options;
  const port = options.port ?? knownTo(client, 'port') ?? 22;
  if (typeof port !== 'number' || !Number.isInteger(port) || port < 1 || port > 65_535)
    throw badOption(`port must be from 1 to 65535, not ${JSON.stringify(port)}`);
  checkKeys(options);
  if (!root.startsWith('/')) throw badOption(`root must be an absolute path, not ${JSON.stringify(root)}`);
  return {
    host: required('host', options.host, client),
    port,
    username: required('username', options.username, client),
    root: root.replace(/\/+$/, ''),
    hardLinks,
    connectTimeoutMs: durationMs(options.connectTimeout ?? '20s', 'connectTimeout', {}),
    timeoutMs: durationMs(options.timeout ?? '10s', 'timeout', {}),
    keepaliveMs: durationMs(options.keepalive ?? '5s', 'keepalive', {}),
    reconnectMs: durationMs(options.reconnect ?? '20s', 'reconnect', { zero: true }),
    idleMs: durationMs(options.idle ?? '1m', 'idle', {}),
  };
}

/** Common mistakes, which the SSH client would report in words that nobody understands. The message never shows a key. */
function checkKeys({ privateKey, hostKey }: SftpVfsOptions): void {
  const key = typeof privateKey === 'string' || Buffer.isBuffer(privateKey) ? String(privateKey) : undefined;
  if (privateKey !== undefined && key === undefined)
    throw badOption(`privateKey must be a string or a Buffer, not ${kindOf(privateKey)}`);
  if (key !== undefined && /^(ssh|ecdsa|sk)-\S+ /.test(key))
    throw badOption('privateKey is a public key; give the content of the file without .pub');
  if (key !== undefined && !key.includes('PRIVATE KEY') && !key.startsWith('PuTTY-User-Key-File'))
    throw badOption('privateKey must be the content of a key file, not its name: readFileSync(path)');
  for (const pin of [hostKey ?? []].flat()) {
    if (typeof pin !== 'string' || !/^SHA256:[A-Za-z0-9+/]{43}$/.test(pin))
      throw badOption('hostKey must be SHA256: and 43 characters, as `ssh-keygen -l` shows it');
  }
}

/** The server in the words of a message. */
export function hostOf({ host, port }: Pick<ResolvedSftpOptions, 'host' | 'port'>): string {
  return `${host.includes(':') ? `[${host}]` : host}:${String(port)}`;
}

/** What no server has in its name (a zone of IPv6 has a %, as in fe80::1%eth0), and no user in theirs. */
const FORMS = { host: /^[^\s\p{Cc}/\\@?#]+$/u, username: /^\P{Cc}+$/u };

/** A borrowed client knows the server that it is connected to. */
function required(name: 'host' | 'username', value: string | undefined, client: object | undefined): string {
  const found = value ?? knownTo(client, name);
  if (typeof found !== 'string' || found === '') throw badOption(`${name} is missing`);
  if (!FORMS[name].test(found))
    throw badOption(`${JSON.stringify(found)} is not a ${name === 'host' ? 'host name' : 'user name'}`);
  return found;
}

function knownTo(client: object | undefined, name: 'host' | 'port' | 'username'): unknown {
  const borrowed = client as { readonly client?: { readonly config?: Readonly<Record<string, unknown>> } } | undefined;
  return borrowed?.client?.config?.[name];
}

function badOption(problem: string): VfsError {
  return new VfsError('ERR_VFS_URI', `sftp: ${problem}`);
}
