import { readFileSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';

import { VfsError } from '../../vfs/errors.js';
import { VfsFile } from '../../vfs/file.js';
import { sftpVfs, type SftpVfs, type SftpVfsOptions } from './index.js';

const AUTHORITY = /^sftp:\/\/(?:([^@/]*)@)?(\[[0-9a-f:.]+\]|[^:@/[\]]+)(?::(\d+))?\//i;

const KEY_FILES = ['id_ed25519', 'id_ecdsa', 'id_rsa'];

const stores = new Map<string, SftpVfs>();

/** The file of an `sftp://user@host[:port]/path`. Logs in with the agent of the environment and the unencrypted keys of `~/.ssh`. */
export function openSftp(uri: string, path: string): VfsFile {
  const [, user, host = '', port] = AUTHORITY.exec(uri) ?? [];
  // The URI is not shown: what is wrong with it may be a secret in the wrong place.
  if (host === '') throw bad('is not of the form sftp://user@host[:port]/path');
  if (user?.includes(':'))
    throw bad('holds a password, which would show up in messages; use a key, an agent, or sftpVfs()');
  const username = user === undefined ? userInfo().username : decodeURIComponent(user);
  const name = `${username}@${host.toLowerCase()}:${port ?? '22'}`;
  let store = stores.get(name);
  if (store === undefined) {
    const bare = host.replace(/^\[|\]$/g, '');
    store = sftpVfs({ host: bare, port: port === undefined ? 22 : Number(port), username, ...ownKeys() });
    stores.set(name, store);
  }
  return new VfsFile(store, path);
}

/** The first that there is: an agent knows more than one key, and encrypted ones. */
function ownKeys(): SftpVfsOptions {
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

function bad(problem: string): VfsError {
  return new VfsError('ERR_VFS_URI', `the sftp URI ${problem}`);
}
