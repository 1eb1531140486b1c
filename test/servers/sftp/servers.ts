import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

import type { SftpVfsOptions } from '../../../src/backends/sftp/index.js';
import { areThere, lacks } from '../../support/needs.js';
import { knownHostLine, makeKeys, type Keys } from './keys.js';
import { TEAM } from '../../support/users/other-users.js';
import { freePort, must, startDaemon, type Running } from '../../support/process.js';

/** A server that other people wrote, and what of it comes from which Debian package. */
export interface ServerKind {
  readonly name: string;
  readonly packages: readonly string[];
  /** Files that are there once the packages are installed. */
  readonly needs: readonly string[];
  readonly rootOnly?: boolean;
  readonly rsaHost?: boolean;
  readonly uid?: number;
  readonly username?: string;
  readonly command: (keys: Keys, port: number) => readonly [string, ...string[]];
}

/** A way into a server that runs, and a folder of it to work in, whose path is the same on the disk. */
export interface ServerUse {
  readonly pid: number;
  readonly port: number;
  readonly folder: string;
  readonly options: SftpVfsOptions;
  /** Of its host key, as `ssh-keygen -l` prints it. */
  readonly fingerprint: string;
  readonly keys: Keys;
  /** Takes everything away that was made for this use, and stops the server if nobody else uses it. */
  dispose(): Promise<void>;
}

/** A server that only one test file uses, which may stop it. */
export interface Server extends ServerUse, Running {
  /** Starts it again on the same port, after `stop`. */
  again(): Promise<Server>;
}

const me = userInfo();

const SSHD = '/usr/sbin/sshd';

const NOBODY = 65_534;

export const openSsh: ServerKind = {
  name: 'OpenSSH',
  packages: ['openssh-server'],
  needs: [SSHD],
  command: (keys, port) => sshd(keys, port, 'internal-sftp'),
};

export const openSshUnprivileged: ServerKind = {
  ...openSsh,
  name: 'OpenSSH without privileges',
  rootOnly: true,
  uid: NOBODY,
  username: 'nobody',
  command: (keys, port) => {
    const [passwd, shadow] = [join(keys.folder, 'passwd'), join(keys.folder, 'shadow')];
    writeFileSync(passwd, `nobody:x:${String(NOBODY)}:${String(NOBODY)}::/:/bin/sh\n`);
    writeFileSync(shadow, 'nobody:$6$of no password:20000:0:99999:7:::\n');
    // The account is closed to logins, but for this process and its children.
    const ids = [`--reuid=${String(NOBODY)}`, `--regid=${String(NOBODY)}`, `--groups=${String(TEAM)}`];
    const asNobody = ['setpriv', ...ids];
    const command = [...asNobody, ...sshd(keys, port, 'internal-sftp')];
    return seeing({ '/etc/passwd': passwd, '/etc/shadow': shadow }, command);
  },
};

export const proftpd: ServerKind = {
  name: 'ProFTPD mod_sftp',
  packages: ['proftpd-core', 'proftpd-mod-crypto'],
  needs: ['/usr/lib/proftpd/mod_sftp.so'],
  rsaHost: true,
  rootOnly: true,
  command: (keys, port) => {
    const config = join(keys.folder, 'proftpd.conf');
    writeFileSync(
      config,
      [
        ...['ModulePath /usr/lib/proftpd', 'LoadModule mod_sftp.c', 'ServerType standalone', 'ServerName test'],
        ...[`Port ${String(port)}`, 'DefaultAddress 127.0.0.1', 'UseReverseDNS off', 'UseFtpUsers off'],
        ...['RequireValidShell off', 'RootLogin on', `User ${me.username}`, 'Group root', 'MaxInstances 200'],
        ...[
          'WtmpLog off',
          'UseLastlog off',
          `PidFile ${keys.folder}/proftpd.pid`,
          `ScoreboardFile ${keys.folder}/scores`,
        ],
        ...[`DelayTable none`, 'TimeoutIdle 3600', 'AllowOverwrite on', 'Umask 022', 'SFTPEngine on'],
        ...[`SFTPLog ${keys.folder}/sftp.log`, `SFTPHostKey ${keys.rsaHostKeyFile}`, 'SFTPAuthMethods publickey'],
        ...[`SFTPAuthorizedUserKeys file:${keys.rfc4716Keys}`, 'AuthPAM off', 'AuthOrder mod_auth_unix.c'],
        '',
      ].join('\n'),
    );
    return ['/usr/sbin/proftpd', '-n', '-q', '-c', config];
  },
};

export const greenEnd: ServerKind = {
  name: 'Green End',
  packages: ['openssh-server', 'gesftpserver'],
  needs: [SSHD, '/usr/libexec/gesftpserver'],
  command: (keys, port) => sshd(keys, port, '/usr/libexec/gesftpserver'),
};

export const asyncSsh: ServerKind = {
  name: 'AsyncSSH',
  packages: ['python3-asyncssh'],
  needs: ['/usr/lib/python3/dist-packages/asyncssh/__init__.py'],
  command: (keys, port) => [
    ...(['/usr/bin/python3', join(import.meta.dirname, 'asyncssh-server.py')] as const),
    ...[String(port), keys.hostKeyFile, keys.authorizedKeys],
  ],
};

export const mySecureShell: ServerKind = {
  name: 'MySecureShell',
  packages: ['openssh-server', 'mysecureshell'],
  needs: [SSHD, '/usr/bin/mysecureshell'],
  rootOnly: true,
  command: (keys, port) => {
    const config = join(keys.folder, 'mysecureshell.conf');
    const settings = ['GlobalDownload 0', 'GlobalUpload 0', 'Download 0', 'Upload 0', 'LimitConnection 500'];
    settings.push('LimitConnectionByUser 500', 'LimitConnectionByIP 500', 'Home /', 'StayAtHome false');
    settings.push(
      'VirtualChroot false',
      'ResolveIP false',
      'IdleTimeOut 0',
      'DefaultRights 0644 0755',
      'MaxOpenFilesForUser 500',
    );
    writeFileSync(config, `<Default>\n${settings.join('\n')}\n</Default>\n`);
    // It reads its settings from one fixed place, which only this process and its children see otherwise.
    return seeing({ '/etc/ssh/sftp_config': config }, sshd(keys, port, '/usr/bin/mysecureshell -c sftp-server'));
  },
};

export const rclone: ServerKind = {
  name: 'rclone',
  packages: ['rclone'],
  needs: ['/usr/bin/rclone'],
  command: (keys, port) => [
    ...(['/usr/bin/rclone', 'serve', 'sftp', '/', '--addr', `127.0.0.1:${String(port)}`] as const),
    ...['--key', keys.hostKeyFile, '--authorized-keys', keys.authorizedKeys, '--config', '/dev/null'],
    ...['--cache-dir', join(keys.folder, 'cache'), '--vfs-cache-mode', 'full', '--dir-cache-time', '0s'],
  ],
};

/** A command that sees other files in the place of some of the system's: those to be seen, by the names of what they hide. */
export function seeing(
  files: Readonly<Record<string, string>>,
  command: readonly string[],
): readonly [string, ...string[]] {
  const mounts = Object.entries(files).map(([place, file]) => `mount --bind ${file} ${place}`);
  return ['/usr/bin/unshare', '-m', '/bin/sh', '-c', `${mounts.join(' && ')} && exec "$0" "$@"`, ...command];
}

/** Those that can exclude. */
export const excluding = [openSsh, openSshUnprivileged, proftpd, greenEnd, asyncSsh, mySecureShell];

/** Whether the server can be started here. */
export function isThere({ needs, rootOnly }: ServerKind): boolean {
  return areThere(needs) && (!rootOnly || process.getuid?.() === 0);
}

/** Undefined: the server can be started. Else why its tests are skipped, which is an error where it was promised. */
export function missing({ name, needs, rootOnly }: ServerKind): string | undefined {
  if (!areThere(needs)) return lacks(name);
  return rootOnly && process.getuid?.() !== 0 ? lacks(`root for ${name}`, 'run the tests as root') : undefined;
}

/** Starts a server for one test file alone, which may stop it or do something to it. Else see `useServer`. */
export async function startServer(kind: ServerKind): Promise<Server> {
  const home = mkdtempSync(join(tmpdir(), 'vfs-lockfile-sftp-'));
  chmodSync(home, 0o755);
  const keys = makeKeys(join(home, 'keys'));
  if (kind.uid !== undefined) must('chown', '-R', String(kind.uid), home);
  try {
    return await launch(kind, home, keys, await freePort());
  } catch (error) {
    rmSync(home, { recursive: true, force: true });
    throw error;
  }
}

async function launch(kind: ServerKind, home: string, keys: Keys, port: number): Promise<Server> {
  const { uid } = kind;
  const folder = join(home, 'files');
  mkdirSync(folder, { recursive: true });
  if (uid !== undefined) must('chown', String(uid), folder);
  const command = kind.command(keys, port);
  const running = await startDaemon(command, port);
  return {
    ...running,
    ...wayInto(kind, keys, port, folder),
    again: () => launch(kind, home, keys, port),
    dispose: async () => {
      await running.stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** What a client needs to use a folder of a server, by keys that it knows. */
export function wayInto(
  kind: ServerKind,
  keys: Keys,
  port: number,
  folder: string,
): Omit<ServerUse, 'pid' | 'dispose'> {
  const hostKey = kind.rsaHost ? keys.rsaHostKeyFile : keys.hostKeyFile;
  const knownHosts = join(keys.folder, 'known_hosts');
  writeFileSync(knownHosts, knownHostLine(`${hostKey}.pub`, port));
  return {
    port,
    folder,
    keys,
    fingerprint: must('ssh-keygen', '-l', '-E', 'sha256', '-f', `${hostKey}.pub`).split(' ')[1] ?? '',
    options: {
      ...{ host: '127.0.0.1', port, username: kind.username ?? me.username, knownHosts },
      ...{ privateKey: keys.privateKey, root: folder },
    },
  };
}

/** OpenSSH's daemon with a configuration of its own; of a setting that comes twice the first counts. */
export function sshd(
  keys: Keys,
  port: number,
  subsystem: string,
  settings: readonly string[] = [],
): readonly [string, ...string[]] {
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const config = join(keys.folder, 'sshd.conf');
  writeFileSync(
    config,
    [
      ...settings,
      ...['ListenAddress 127.0.0.1', `Port ${String(port)}`, `HostKey ${keys.hostKeyFile}`],
      ...[`PidFile ${keys.folder}/sshd.pid`, `AuthorizedKeysFile ${keys.authorizedKeys}`, 'StrictModes no'],
      ...['UsePAM no', 'UseDNS no', 'PasswordAuthentication no', 'KbdInteractiveAuthentication no'],
      ...['PermitRootLogin yes', 'MaxStartups 500', 'MaxSessions 200', `Subsystem sftp ${subsystem}`, ''],
    ].join('\n'),
  );
  return [SSHD, '-D', '-e', '-f', config];
}
