import { clearTimeout, setTimeout } from 'node:timers';
import { connect as connectSocket, type Socket } from 'node:net';

import { SilenceError } from '../../../util/abort.js';
import { VfsError } from '../../../vfs/errors.js';
import { HostKeyCheck } from './host-key.js';
import { hostOf, type KeyboardPrompt, type ResolvedSftpOptions, type SftpVfsOptions } from '../options.js';
import type { RawSftp } from './raw-sftp.js';

/** A connection with an SFTP session in it. */
export interface Transport {
  readonly sftp: RawSftp;
  /** The name and version of the server's software. */
  readonly software: string;
  /** Calls back once, when the connection is gone. */
  onGone(listener: () => void): void;
  /** Whether the connection keeps the process alive. */
  hold(held: boolean): void;
  end(): void;
}

const HOST_KEY_ALGORITHMS = [
  ...['ssh-ed25519', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521'],
  ...['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'],
];

/** How much later the client's own limit comes than ours. */
const READY_SPARE_MS = 1000;

/** Connects and logs in. Rejects with a `VfsError`; after `ERR_VFS_IO` another try may succeed. */
export async function dial(options: SftpVfsOptions, terms: ResolvedSftpOptions): Promise<Transport> {
  const Client = await loadClient();
  const check = new HostKeyCheck(terms.host, terms.port, options);
  const preferred = check.preferred;
  const socket = connectSocket({ host: terms.host, port: terms.port, noDelay: true });
  const client = new Client('vfs-lockfile', { error: ignore, end: ignore, close: ignore });
  let failure: unknown;
  client.on('error', (error) => (failure ??= error));
  client.on('keyboard-interactive', (...args) => {
    const [, , , prompts, finish] = args as [unknown, unknown, unknown, readonly KeyboardPrompt[], Finish];
    answerPrompts(options, prompts, finish);
  });
  const late = setTimeout(() => {
    failure ??= new SilenceError(terms.connectTimeoutMs);
    socket.destroy();
  }, terms.connectTimeoutMs);
  try {
    const sftp = await client.connect({
      ...credentials(options),
      sock: socket,
      username: terms.username,
      // Only a guard: `late` comes first, with words that say who did not answer.
      readyTimeout: terms.connectTimeoutMs + READY_SPARE_MS,
      keepaliveInterval: 0,
      algorithms: { serverHostKey: [...new Set([...preferred, ...HOST_KEY_ALGORITHMS])] },
      hostVerifier: (key: Buffer) => check.accepts(key),
    });
    return transportOf(client, sftp as RawSftp, socket);
  } catch (error) {
    socket.destroy();
    throw check.refusal ?? refusedLogin(failure ?? error, terms, options);
  } finally {
    clearTimeout(late);
  }
}

type Finish = (answers: string[]) => void;
type Listener = (...args: unknown[]) => void;

/** What is used of the class that `ssh2-sftp-client` exports. */
interface Client {
  readonly client: { readonly _remoteVer?: string; end(): unknown };
  connect(config: object): Promise<unknown>;
  on(event: string, listener: Listener): void;
}

type ClientClass = new (name: string, callbacks: Readonly<Record<string, () => void>>) => Client;

async function loadClient(): Promise<ClientClass> {
  try {
    const loaded = await import('ssh2-sftp-client');
    return loaded.default as unknown as ClientClass;
  } catch (cause) {
    const message = 'sftp: needs the package ssh2-sftp-client; install it with `npm install ssh2-sftp-client`';
    throw new VfsError('ERR_VFS_UNSUPPORTED', message, { cause });
  }
}

function credentials({ password, privateKey, passphrase, agent, keyboardInteractive }: SftpVfsOptions): object {
  const tryKeyboard = password !== undefined || keyboardInteractive !== undefined;
  return { password, privateKey, passphrase, agent, tryKeyboard };
}

function answerPrompts(options: SftpVfsOptions, prompts: readonly KeyboardPrompt[], finish: Finish): void {
  const byPassword = (): readonly string[] => prompts.map(({ echo }) => (echo ? '' : (options.password ?? '')));
  const answer = options.keyboardInteractive ?? byPassword;
  Promise.resolve(prompts)
    .then(answer)
    .then((answers) => finish([...answers]))
    .catch(() => finish([]));
}

function transportOf(client: Client, sftp: RawSftp, socket: Socket): Transport {
  return {
    sftp,
    software: client.client._remoteVer ?? '',
    onGone: (listener) => {
      for (const event of ['close', 'end', 'error']) client.on(event, listener);
    },
    hold: (held) => {
      if (held) socket.ref();
      else socket.unref();
    },
    end: () => {
      client.client.end();
      // A peer that is gone never closes its side.
      setTimeout(() => socket.destroy(), 1000).unref();
    },
  };
}

interface SshClient {
  readonly _remoteVer?: string;
  on(event: string, listener: () => void): unknown;
}

/** The connection of a client that the caller made: never closed here, and never kept alive. */
export function borrowedTransport(client: object): Transport {
  const { client: ssh, sftp } = client as { readonly client?: SshClient; readonly sftp?: RawSftp };
  if (!ssh || !sftp) {
    throw new VfsError('ERR_VFS_UNSUPPORTED', 'sftp: the client in the options is not connected');
  }
  const nothing = (): void => undefined;
  return {
    sftp,
    software: ssh._remoteVer ?? '',
    onGone: (listener) => {
      for (const event of ['close', 'end', 'error']) ssh.on(event, listener);
    },
    hold: nothing,
    end: nothing,
  };
}

interface SshError {
  readonly level?: string;
  readonly message?: string;
  readonly code?: unknown;
}

const NO_ALIASES = '; ~/.ssh/config is not read, so give the host name that stands there';

/** What the login was tried with, never its value. */
function offered({ privateKey, agent, password, keyboardInteractive }: SftpVfsOptions): string {
  const ways = Object.entries({ 'the private key': privateKey, 'the agent': agent, 'the password': password });
  const used = [...ways, ['answers to its questions', keyboardInteractive]].filter(([, value]) => value !== undefined);
  if (used.length === 0) return '; no key, agent or password was given';
  return `; the server refused ${used.map(([name]) => name).join(', ')}`;
}

/** The message takes over only the text of the error, never the options, which hold secrets. */
function refusedLogin(error: unknown, terms: ResolvedSftpOptions, options: SftpVfsOptions): VfsError {
  const { level, message = 'the connection was lost', code } = error as SshError;
  const hint = level === 'client-authentication' ? offered(options) : code === 'ENOTFOUND' ? NO_ALIASES : '';
  const words = `cannot log in to ${hostOf(terms)} as ${terms.username}: ${message}${hint}`;
  if (error instanceof SilenceError || level === 'client-timeout')
    return new VfsError('ERR_VFS_TIMEOUT', words, { cause: error });
  const final = level === 'client-authentication' || message.includes('privateKey');
  return new VfsError(final ? 'ERR_VFS_DENIED' : 'ERR_VFS_IO', words, { cause: error });
}

function ignore(): void {
  return;
}
