import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Keys } from './keys.js';
import { must } from '../../support/process.js';
import { openSsh, proftpd, seeing, sshd, type ServerKind } from './servers.js';

/** Servers in special circumstances: each the real thing, set up so that something happens to it. */

const SFTP_SERVER = '/usr/lib/openssh/sftp-server';

/** The calls by which OpenSSH's server reads and changes files. */
const CALLS = 'openat,lseek,fchmod,mkdir,rmdir,rename,link,unlink,symlink,linkat,unlinkat,symlinkat,renameat,renameat2';

/** Which of the calls of one name, in the words of strace, and the error that it gives; without one it is the end. */
export interface Fault {
  readonly call: string;
  readonly when: string;
  readonly error?: string;
}

/**
 * OpenSSH whose sessions can be watched call by call, or killed at a call: the session that begins after `order` runs under
 * strace, all others without.
 */
export class TracedOpenSsh {
  #script = '';

  readonly kind: ServerKind = {
    ...openSsh,
    name: 'OpenSSH under strace',
    packages: ['openssh-server', 'openssh-sftp-server', 'strace'],
    needs: [...openSsh.needs, SFTP_SERVER, '/usr/bin/strace'],
    command: (keys, port) => sshd(keys, port, this.#wrapper(keys)),
  };

  /** Of the next session: to write its calls down, or also to die, or to fail, instead of doing some of them. */
  order(fault?: Fault): void {
    const what = fault?.error === undefined ? 'signal=KILL' : `error=${fault.error}`;
    const inject = fault ? `-e inject=${fault.call}:${what}:when=${fault.when}` : '';
    writeFileSync(`${this.#script}.orders`, `-e trace=${CALLS} ${inject}\n`);
    writeFileSync(`${this.#script}.log`, '');
  }

  /** The names of the calls of the requested session, once it has ended. */
  async calls(): Promise<readonly string[]> {
    for (let seen = -1; seen < this.#log.length;) {
      seen = this.#log.length;
      await sleep(100);
    }
    return this.#log.flatMap((line) => /^(\w+)\(/.exec(line)?.[1] ?? []);
  }

  get killed(): boolean {
    return this.#log.some((line) => line.includes('killed by SIGKILL'));
  }

  get #log(): readonly string[] {
    return readFileSync(`${this.#script}.log`, 'utf8').split('\n');
  }

  #wrapper({ folder }: Keys): string {
    this.#script = join(folder, 'traced-sftp-server');
    const traced = `exec strace -o "$0.log" $orders ${SFTP_SERVER}`;
    const lines = ['#!/bin/sh', 'if orders=$(cat "$0.orders" 2>/dev/null); then', 'rm "$0.orders"', traced, 'fi'];
    writeFileSync(this.#script, [...lines, `exec ${SFTP_SERVER}`, ''].join('\n'));
    chmodSync(this.#script, 0o755);
    return this.#script;
  }
}

/** OpenSSH's server under libfaketime: every time that it shows is off by so much, those of files too. */
export function offOpenSsh(aheadMs: number): ServerKind {
  const offset = `${aheadMs < 0 ? '-' : '+'}${String(Math.abs(aheadMs) / 1000)}s`;
  return {
    ...openSsh,
    name: `OpenSSH whose clock is off by ${offset}`,
    packages: ['openssh-server', 'openssh-sftp-server', 'faketime'],
    needs: [...openSsh.needs, SFTP_SERVER, '/usr/bin/faketime'],
    command: (keys, port) => sshd(keys, port, `/usr/bin/faketime -f ${offset} ${SFTP_SERVER}`),
  };
}

export const WORKER = { username: 'worker', uid: 54_321, password: 'correct horse battery staple' };

/** As `/etc/shadow` has it. */
function hashOf(password: string): string {
  return must('perl', '-e', 'print crypt($ARGV[0], q($6$salt$))', password);
}

/** Files that add a user with a password to those of the system. */
function withWorker(keys: Keys): Readonly<Record<string, string>> {
  const { username, uid, password } = WORKER;
  const lines = {
    '/etc/passwd': `${username}:x:${String(uid)}:${String(uid)}::/:/bin/sh`,
    '/etc/shadow': `${username}:${hashOf(password)}:20000:0:99999:7:::`,
  };
  return Object.fromEntries(
    Object.entries(lines).map(([place, line]) => {
      const file = join(keys.folder, place.slice('/etc/'.length));
      writeFileSync(file, `${readFileSync(place, 'utf8')}${line}\n`, { mode: 0o644 });
      return [place, file];
    }),
  );
}

/** OpenSSH that shows its users nothing but a folder in which they may not write. */
export const chrooted: ServerKind = {
  ...openSsh,
  name: 'OpenSSH in a chroot',
  rootOnly: true,
  username: WORKER.username,
  command: (keys, port) => {
    // What a user is locked into, and all above it, must belong to root: /tmp is too open.
    const place = { ...withWorker(keys), '/srv': join(keys.folder, '..', 'files') };
    return seeing(place, sshd(keys, port, 'internal-sftp', ['ChrootDirectory /srv', 'ForceCommand internal-sftp']));
  },
};

/** OpenSSH that asks PAM, in one way or the other. */
export function passwordOpenSsh(how: 'password' | 'keyboard-interactive'): ServerKind {
  const byPassword = how === 'password' ? 'yes' : 'no';
  const settings = [
    `PasswordAuthentication ${byPassword}`,
    `KbdInteractiveAuthentication ${byPassword === 'yes' ? 'no' : 'yes'}`,
  ];
  return {
    ...openSsh,
    name: `OpenSSH with PAM, by ${how}`,
    rootOnly: true,
    username: WORKER.username,
    command: (keys, port) => {
      const pam = join(keys.folder, 'pam');
      const modules = ['auth required pam_unix.so', 'account required pam_unix.so', 'session required pam_permit.so'];
      writeFileSync(pam, `${modules.join('\n')}\n`);
      const command = sshd(keys, port, 'internal-sftp', ['UsePAM yes', 'PubkeyAuthentication no', ...settings]);
      return seeing({ ...withWorker(keys), '/etc/pam.d/sshd': pam }, command);
    },
  };
}

/** ProFTPD with users of its own, in a file. */
export const passwordProftpd: ServerKind = {
  ...proftpd,
  name: 'ProFTPD mod_sftp with a file of users',
  username: WORKER.username,
  command: (keys, port) => {
    const { username, uid, password } = WORKER;
    const users = join(keys.folder, 'users');
    writeFileSync(users, `${username}:${hashOf(password)}:${String(uid)}:${String(uid)}::/:/bin/sh\n`, { mode: 0o600 });
    const command = proftpd.command(keys, port);
    const config = command.at(-1) ?? '';
    const settings = readFileSync(config, 'utf8')
      .replace('SFTPAuthMethods publickey', 'SFTPAuthMethods password')
      .replace('AuthOrder mod_auth_unix.c', `AuthOrder mod_auth_file.c\nAuthUserFile ${users}`);
    writeFileSync(config, settings);
    return command;
  },
};
