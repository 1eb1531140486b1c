import { durationMs, type Duration } from '../../util/duration.js';
import { VfsError } from '../../vfs/errors.js';
import type { HostKeyOptions } from './connection/host-key.js';

/** One question of a server that asks for more than a password. */
export interface KeyboardPrompt {
  readonly prompt: string;
  /** Whether the answer may be shown while it is typed: false for secrets. */
  readonly echo?: boolean;
}

/** How to reach a server and to log in to it. Durations are milliseconds or strings such as `'5s'`. */
export interface SftpVfsOptions extends HostKeyOptions {
  readonly host?: string;
  /** Default 22. */
  readonly port?: number;
  readonly username?: string;
  /** The folder that paths are relative to. Default: the root that the server shows. */
  readonly root?: string;
  readonly password?: string;
  /** A private key, not the name of its file. */
  readonly privateKey?: string | Buffer;
  /** Of the private key. */
  readonly passphrase?: string;
  /** The socket of an agent, usually `process.env.SSH_AUTH_SOCK`. */
  readonly agent?: string;
  /** Answers what the server asks, in order. Default: the password to each question whose answer is hidden. */
  readonly keyboardInteractive?: (prompts: readonly KeyboardPrompt[]) => readonly string[] | Promise<readonly string[]>;
  /** A connected client of `ssh2-sftp-client` to work through. It is never closed, and never connected anew. */
  readonly client?: object;
  /** Default true. False: never make hard links, although the server can; then all who lock there must do so. */
  readonly hardLinks?: boolean;
  /** How long logging in may take. Default `'20s'`. */
  readonly connectTimeout?: Duration;
  /** How long the answer to one request may take before the connection is given up. Default `'10s'`. */
  readonly timeout?: Duration;
  /** How long a connection may be quiet before the server is asked whether it is still there. Default `'5s'`. */
  readonly keepalive?: Duration;
  /** How long to go on trying to make a lost connection anew, with growing pauses. Default `'20s'`. */
  readonly reconnect?: Duration;
  /** How long a connection that nobody uses stays open. It never keeps the process alive. Default `'1m'`. */
  readonly idle?: Duration;
}

/** `SftpVfsOptions`, checked and with every default filled in. */
export interface SftpTerms {
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

export function sftpTerms(options: SftpVfsOptions): SftpTerms {
  const { port = 22, root = '/', hardLinks = true, client } = options;
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw bad(`port must be from 1 to 65535, not ${String(port)}`);
  if (!root.startsWith('/')) throw bad(`root must be an absolute path, not ${JSON.stringify(root)}`);
  return {
    host: named('host', options.host, client),
    port,
    username: named('username', options.username, client),
    root: root.replace(/\/+$/, ''),
    hardLinks,
    connectTimeoutMs: durationMs(options.connectTimeout ?? '20s', 'connectTimeout', {}),
    timeoutMs: durationMs(options.timeout ?? '10s', 'timeout', {}),
    keepaliveMs: durationMs(options.keepalive ?? '5s', 'keepalive', {}),
    reconnectMs: durationMs(options.reconnect ?? '20s', 'reconnect', { zero: true }),
    idleMs: durationMs(options.idle ?? '1m', 'idle', {}),
  };
}

/** A client that is handed in knows where it is connected to. */
function named(name: 'host' | 'username', value: string | undefined, client: object | undefined): string {
  const ssh = (client as { readonly client?: { readonly config?: Readonly<Record<string, unknown>> } } | undefined)
    ?.client;
  const found = value ?? ssh?.config?.[name];
  if (typeof found === 'string' && found !== '') return found;
  throw bad(`${name} is missing`);
}

function bad(problem: string): VfsError {
  return new VfsError('ERR_VFS_URI', `sftp: ${problem}`);
}
