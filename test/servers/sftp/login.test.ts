import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';

import ssh2 from 'ssh2';
import SftpClient from 'ssh2-sftp-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { sftpVfs, type SftpVfs, type SftpVfsOptions } from '../../../src/backends/sftp/index.js';
import { VfsError } from '../../../src/index.js';
import { freePort, must } from '../../support/process.js';
import { missing, openSsh, type ServerUse } from './servers.js';
import { useServer } from './use-server.js';

const SECRET = 'correct horse battery staple';
const lacking = missing(openSsh);

describe.skipIf(lacking !== undefined)(`logging in to OpenSSH${lacking ? `: ${lacking}` : ''}`, () => {
  let server: ServerUse;
  let known: string;

  beforeAll(async () => {
    server = await useServer(openSsh);
    known = readFileSync(String(server.options.knownHosts), 'utf8');
  });

  afterAll(() => server.dispose());

  function fileOf(name: string, text: string): string {
    const file = join(server.keys.folder, name);
    writeFileSync(file, text);
    return file;
  }

  async function tried(options: Partial<SftpVfsOptions>): Promise<unknown> {
    const vfs = sftpVfs({ ...server.options, ...options });
    try {
      await vfs.connect();
      return 'in';
    } catch (error) {
      return error;
    } finally {
      vfs.close();
    }
  }

  test('a server that known_hosts knows is believed, whether its name is plain, a pattern or hashed', async () => {
    const [name = '', ...key] = known.trim().split(' ');
    const salt = Buffer.from('twenty bytes of salt');
    const digest = createHmac('sha1', salt).update(name).digest('base64');
    const hashed = `|1|${salt.toString('base64')}|${digest}`;
    for (const host of [name, `elsewhere,${name}`, '[127.0.0.*]:*', hashed]) {
      const knownHosts = fileOf('known_hosts_tried', `# comment\n\n${[host, ...key].join(' ')}\n`);
      expect(await tried({ knownHosts })).toBe('in');
    }
  });

  test('ssh-keygen itself hashes the name in a way that is understood', async () => {
    const knownHosts = fileOf('known_hosts_hashed', known);
    must('ssh-keygen', '-H', '-f', knownHosts);
    expect(readFileSync(knownHosts, 'utf8')).toMatch(/^\|1\|/);
    expect(await tried({ knownHosts })).toBe('in');
  });

  test('an unknown host key is refused by default, with its fingerprint', async () => {
    const error = await tried({ knownHosts: fileOf('known_hosts_none', '') });
    expect(error).toMatchObject({ code: 'ERR_VFS_HOST_KEY', effect: 'none' });
    expect((error as Error).message).toContain(server.fingerprint);
  });

  test('an entry of another port, a negated one and one that was revoked do not count', async () => {
    const [name = '', type = '', key = ''] = known.trim().split(' ');
    for (const line of [
      `127.0.0.1 ${type} ${key}`,
      `!${name},[127.0.0.1]:* ${type} ${key}`,
      `${known}@revoked ${name} ${type} ${key}`,
    ]) {
      const error = await tried({ knownHosts: fileOf('known_hosts_tried', `${line}\n`) });
      expect(error).toMatchObject({ code: 'ERR_VFS_HOST_KEY' });
    }
  });

  test('a changed host key is refused, even where unknown ones are trusted', async () => {
    const [name] = known.split(' ');
    const [type, other] = readFileSync(join(server.keys.folder, 'user.pub'), 'utf8').split(' ');
    const text = `${String(name)} ${String(type)} ${String(other)}\n`;
    const knownHosts = fileOf('known_hosts_changed', text);
    const error = await tried({ knownHosts, trustOnFirstUse: true });
    expect(error).toMatchObject({ code: 'ERR_VFS_HOST_KEY' });
    expect((error as Error).message).toMatch(/changed/);
    expect(readFileSync(knownHosts, 'utf8')).toBe(text);
  });

  test('trust on first use notes the key, and holds the server to it from then on', async () => {
    const knownHosts = join(server.keys.folder, 'new', 'known_hosts');
    expect(await tried({ knownHosts, trustOnFirstUse: true })).toBe('in');
    expect(readFileSync(knownHosts, 'utf8')).toBe(known);
    expect(await tried({ knownHosts })).toBe('in');
  });

  test('a pinned fingerprint counts alone', async () => {
    expect(await tried({ hostKey: server.fingerprint, knownHosts: [] })).toBe('in');
    const error = await tried({ hostKey: `SHA256:${'A'.repeat(43)}` });
    expect(error).toMatchObject({ code: 'ERR_VFS_HOST_KEY' });
    expect((error as Error).message).toContain(server.fingerprint);
  });

  test('an encrypted private key is opened with its passphrase, and neither shows when that is wrong', async () => {
    const file = join(server.keys.folder, 'encrypted');
    must('cp', server.keys.userKeyFile, file);
    must('ssh-keygen', '-q', '-p', '-m', 'PEM', '-P', '', '-N', SECRET, '-f', file);
    const privateKey = readFileSync(file, 'utf8');
    expect(await tried({ privateKey, passphrase: SECRET })).toBe('in');
    const error = await tried({ privateKey, passphrase: `not ${SECRET}` });
    expect(error).toBeInstanceOf(VfsError);
    expect(inspect(error, { depth: 10, showHidden: true })).not.toMatch(/correct horse|BEGIN/);
  });

  test('an agent logs in with a key that it alone has', async () => {
    const socket = join(server.keys.folder, 'agent');
    const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await once(agent.stdout, 'data');
      must('env', `SSH_AUTH_SOCK=${socket}`, 'ssh-add', '-q', server.keys.userKeyFile);
      const { privateKey: _, ...options } = server.options;
      const vfs = sftpVfs({ ...options, agent: socket });
      await vfs.connect();
      vfs.close();
    } finally {
      agent.kill();
    }
  });

  test('a client that was handed in is used, and stays open and theirs', async () => {
    const client = new SftpClient();
    const { host = '', port = 0, username = '', privateKey = '' } = server.options;
    await client.connect({ host, port, username, privateKey });
    const vfs = sftpVfs({ client, root: server.folder });
    const { version } = (await vfs.create('lent.lock', Buffer.from('ours')))!;
    expect(await vfs.remove('lent.lock', version)).toBe(true);
    vfs.close();
    expect(await client.exists(server.folder)).toBe('d');
    await client.end();
    await expect(vfs.read('lent.lock')).rejects.toMatchObject({ code: 'ERR_VFS_UNSUPPORTED' });
  });

  test('an idle connection does not keep the process alive', async () => {
    const { privateKey, knownHosts, ...options } = server.options;
    const program = `
      import { readFileSync } from 'node:fs';
      import { sftpVfs } from 'vfs-lockfile/sftp';
      const [key, options] = process.argv.slice(1);
      const vfs = sftpVfs({ ...JSON.parse(options), privateKey: readFileSync(key, 'utf8') });
      await vfs.connect();
      console.log('connected');`;
    const given = [server.keys.userKeyFile, JSON.stringify({ ...options, knownHosts })];
    const child = spawn(process.execPath, ['--input-type=module', '-e', program, ...given], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    expect(privateKey).toBeDefined();
    expect(String(await once(child.stdout, 'data'))).toBe('connected\n');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});

/** Asks for a password in both ways. A server of our own is no independent witness; it only plays the other side of a login. */
async function passwordServer(): Promise<{
  readonly port: number;
  readonly asked: readonly string[];
  readonly close: () => void;
}> {
  const { private: hostKey } = ssh2.utils.generateKeyPairSync('ed25519');
  const asked: string[] = [];
  const server = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
    client.on('error', () => {});
    client.on('authentication', (login) => {
      asked.push(login.method);
      if (login.method === 'password' && login.username === 'by-password' && login.password === SECRET) login.accept();
      else if (login.method === 'keyboard-interactive' && login.username === 'by-keyboard') {
        login.prompt(
          [
            { prompt: 'Password: ', echo: false },
            { prompt: 'Colour: ', echo: true },
          ],
          (answers) => {
            if (answers[0] === SECRET && answers[1] === 'blue') login.accept();
            else login.reject();
          },
        );
      } else login.reject(['password', 'keyboard-interactive']);
    });
    client.on('session', (accept) => accept().on('sftp', (open) => open().on('STAT', () => {})));
  });
  const port = await freePort();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return { port, asked, close: () => server.close() };
}

describe('logging in by password', () => {
  let port: number;
  let asked: readonly string[];
  let close: () => void;

  beforeAll(async () => ({ port, asked, close } = await passwordServer()));
  afterAll(() => close());

  /** The login itself: what this server answers afterwards does not matter. */
  async function outcome(options: SftpVfsOptions): Promise<VfsError> {
    const vfs: SftpVfs = sftpVfs({ host: '127.0.0.1', port, timeout: '300ms', reconnect: 0, ...options });
    const error: unknown = await vfs.stat('a').catch((reason: unknown) => reason);
    vfs.close();
    expect(error).toBeInstanceOf(VfsError);
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('horse');
    return error as VfsError;
  }

  const hostKeys = async (): Promise<string> => {
    const { message } = await outcome({ username: 'by-password', knownHosts: [] });
    return /SHA256:[A-Za-z0-9+/]{43}/.exec(message)?.[0] ?? '';
  };

  test('no secret is sent to a server whose key is refused', async () => {
    const before = asked.length;
    expect(await outcome({ username: 'by-password', password: SECRET, knownHosts: [] })).toMatchObject({
      code: 'ERR_VFS_HOST_KEY',
    });
    expect(asked.length).toBe(before);
  });

  test('the right password lets in, a wrong one is refused and shown nowhere', async () => {
    const hostKey = await hostKeys();
    const username = 'by-password';
    expect((await outcome({ username, hostKey, password: SECRET })).message).toMatch(/did not answer for/);
    expect(await outcome({ username, hostKey, password: 'wrong horse' })).toMatchObject({ code: 'ERR_VFS_DENIED' });
  });

  test('questions are answered, and what is refused is shown nowhere', async () => {
    const hostKey = await hostKeys();
    const username = 'by-keyboard';
    const keyboardInteractive = (): string[] => [SECRET, 'blue'];
    expect((await outcome({ username, hostKey, keyboardInteractive })).message).toMatch(/did not answer for/);
    expect(await outcome({ username, hostKey, keyboardInteractive: () => [SECRET, 'red horse'] })).toMatchObject({
      code: 'ERR_VFS_DENIED',
    });
  });
});
