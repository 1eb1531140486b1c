import { readFileSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';

import { VfsError } from '../../vfs/errors.js';
import { VfsFile } from '../../vfs/file.js';
import { sftpVfs, type SftpVfs, type SftpVfsOptions } from './index.js';

const stores = new Map<string, SftpVfs>();

/**
 * The file of an `sftp://user@host[:port]/path`, as `openFile` opens it: with the agent of the environment and the first
 * unencrypted key of `~/.ssh`. All files of one server and user share a connection.
 *
 * @throws VfsError `ERR_VFS_URI` for a malformed URI, or one that holds a password.
 */
export function openSftp(uri: string, path: string): VfsFile {
  const server = parseUri(uri);
  const name = `${server.username}@${server.host.toLowerCase()}:${String(server.port)}`;
  let store = stores.get(name);
  if (store === undefined) {
    store = sftpVfs({ ...server, ...ownKeys() });
    stores.set(name, store);
  }
  return new VfsFile(store, path);
}

/** The server that an `sftp:` URI names. */
interface SftpUri {
  readonly host: string;
  readonly port: number;
  readonly username: string;
}

const AUTHORITY = /^sftp:\/\/(?:([^@/]*)@)?(\[[0-9a-f:.]+\]|[^:@/%[\]]+)(?::(\d+))?\//i;

function parseUri(uri: string): SftpUri {
  const [, user, host = '', port] = AUTHORITY.exec(uri) ?? [];
  // The message does not repeat the URI: what is wrong with it may be a secret in the wrong place.
  if (host === '') throw bad('is not of the form sftp://user@host[:port]/path');
  if (user?.includes(':'))
    throw bad('holds a password, which would appear in messages; use a key, an agent, or sftpVfs()');
  return {
    host: host.replace(/^\[|\]$/g, ''),
    port: port === undefined ? 22 : Number(port),
    username: user === undefined ? userInfo().username : decodedUser(user),
  };
}

function decodedUser(user: string): string {
  try {
    return decodeURIComponent(user);
  } catch {
    throw bad('has a malformed percent escape in its user name');
  }
}

function bad(problem: string): VfsError {
  return new VfsError('ERR_VFS_URI', `the sftp URI ${problem}`);
}

const KEY_FILES = ['id_ed25519', 'id_ecdsa', 'id_rsa'];

/** The agent of the environment, and the first private key in `~/.ssh` that is not encrypted. */
function ownKeys(): Pick<SftpVfsOptions, 'agent' | 'privateKey'> {
  const agent = process.env.SSH_AUTH_SOCK;
  for (const file of KEY_FILES) {
    try {
      const privateKey = readFileSync(join(homedir(), '.ssh', file), 'utf8');
      if (!isEncrypted(privateKey)) return { privateKey, ...(agent ? { agent } : {}) };
    } catch {
      continue;
    }
  }
  return agent ? { agent } : {};
}

function isEncrypted(key: string): boolean {
  if (key.includes('ENCRYPTED')) return true;
  const body = Buffer.from(key.replace(/-----[^-]+-----/g, ''), 'base64');
  // OpenSSH's own format names the cipher after a magic word.
  return body.subarray(0, 14).toString('latin1') === 'openssh-key-v1' && body.readUInt32BE(15) !== 'none'.length;
}
