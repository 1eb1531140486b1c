import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { must } from '../../support/process.js';

/** Keys made for one run of the tests, and what the servers and the client need of them. */
export interface Keys {
  readonly folder: string;
  readonly privateKey: string;
  readonly userKeyFile: string;
  readonly authorizedKeys: string;
  readonly hostKeyFile: string;
  /** RSA in PEM, the only host key that ProFTPD takes, and the user's key in the format of RFC 4716. */
  readonly rsaHostKeyFile: string;
  readonly rfc4716Keys: string;
}

export function makeKeys(folder: string): Keys {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const at = (name: string): string => join(folder, name);
  const make = (name: string, ...args: readonly string[]): void => {
    must('ssh-keygen', '-q', '-N', '', '-C', 'vfs-lockfile test', '-f', at(name), ...args);
  };
  make('user', '-t', 'ed25519');
  make('user_rsa', '-t', 'rsa', '-b', '2048', '-m', 'PEM');
  make('host', '-t', 'ed25519');
  make('host_rsa', '-t', 'rsa', '-b', '2048', '-m', 'PEM');
  const publicKeys = [at('user.pub'), at('user_rsa.pub')].map((file) => readFileSync(file, 'utf8'));
  writeFileSync(at('authorized_keys'), publicKeys.join(''));
  const rfc4716 = ['user.pub', 'user_rsa.pub'].map((name) => must('ssh-keygen', '-e', '-f', at(name)));
  writeFileSync(at('rfc4716_keys'), rfc4716.join(''));
  return keysIn(folder);
}

/** Keys that were made before, or a copy of them. */
export function keysIn(folder: string): Keys {
  const at = (name: string): string => join(folder, name);
  return {
    folder,
    privateKey: readFileSync(at('user_rsa'), 'utf8'),
    userKeyFile: at('user_rsa'),
    authorizedKeys: at('authorized_keys'),
    hostKeyFile: at('host'),
    rsaHostKeyFile: at('host_rsa'),
    rfc4716Keys: at('rfc4716_keys'),
  };
}

/** One line of `known_hosts` for a server on this machine. */
export function knownHostLine(publicKeyFile: string, port: number): string {
  const [type = '', key = ''] = readFileSync(publicKeyFile, 'utf8').split(' ');
  return `[127.0.0.1]:${String(port)} ${type} ${key}\n`;
}
