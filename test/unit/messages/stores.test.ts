import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import ssh2 from 'ssh2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { gcsVfs } from '../../../src/backends/gcs/index.js';
import { s3Vfs } from '../../../src/backends/s3/index.js';
import { sftpVfs, type SftpVfsOptions } from '../../../src/backends/sftp/index.js';
import { VfsFile, withLock } from '../../../src/index.js';
import { messageOf } from '../../support/message-of.js';
import { refusal, Scripted, type Answer } from '../backends/s3/scripted.js';

describe('an S3 store that is none', () => {
  const html: Answer = {
    status: 404,
    headers: { 'content-type': 'text/html; charset=utf-8' },
    body: '<html>no</html>',
  };
  const page = 'the endpoint of the client answers 404 with a page of HTML; is it an S3 endpoint?';

  const fileWith = (answer: Answer): VfsFile => {
    const { client } = new Scripted(() => answer);
    return new VfsFile(s3Vfs({ bucket: 'bkt', client, conditionalDelete: 'none' }), 'f');
  };

  test.each<[string, (file: VfsFile) => unknown]>([
    ['lock', (file) => withLock(file, () => undefined)],
    ['read', (file) => file.tryRead()],
    ['stat', (file) => file.stat()],
    ['delete', (file) => file.delete()],
  ])('%s does not take a page of a web server for an absent file', async (_verb, call) => {
    expect(await messageOf(() => call(fileWith(html)))).toContain(page);
  });

  test('a create that is answered by 404 asks for the bucket and the endpoint', async () => {
    const { client } = new Scripted(() => ({ status: 404, body: '404 page not found' }), {
      endpoint: 'http://store.example',
    });
    const file = new VfsFile(s3Vfs({ bucket: 'bkt', client }), 'f');
    expect(await messageOf(() => file.vfs.create('f', Buffer.from('1')))).toBe(
      's3: the store answers 404 to a create of a new object; is there such a bucket, and is the endpoint right?',
    );
  });

  test('wrong credentials name the store that refused them', async () => {
    const file = fileWith(refusal(403, 'InvalidAccessKeyId'));
    expect(await messageOf(() => file.read())).toBe(
      'cannot read s3://bkt/f: the store answers 403 InvalidAccessKeyId: InvalidAccessKeyId it is (asked was the endpoint of the client)',
    );
  });

  test('options that exclude each other', async () => {
    const { client } = new Scripted(() => html);
    expect(await messageOf(() => s3Vfs({ bucket: 'bkt', client, endpoint: 'http://h' }))).toBe(
      's3: endpoint cannot be set together with client, which has its own',
    );
  });
});

describe('a Google store that is none', () => {
  const server = createServer((request, response) => {
    response.writeHead(404, request.url?.includes('/plain/') ? {} : { 'content-type': 'text/html' }).end('<html>no');
  });
  let endpoint = '';

  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    endpoint = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  });
  afterAll(() => server.close());

  test.each<[string, (file: VfsFile) => unknown]>([
    ['lock', (file) => withLock(file, () => undefined)],
    ['read', (file) => file.tryRead()],
    ['stat', (file) => file.stat()],
  ])('%s does not take a page of a web server for an absent file', async (_verb, call) => {
    const file = new VfsFile(gcsVfs({ bucket: 'bkt', endpoint }), 'f');
    expect(await messageOf(() => call(file))).toContain(
      `${endpoint.slice(7)} answers 404 with a page of HTML; is it a Google Cloud Storage endpoint?`,
    );
  });

  test('a create that is answered by 404 asks for the bucket and the endpoint', async () => {
    const file = new VfsFile(gcsVfs({ bucket: 'plain', endpoint: `${endpoint}/plain` }), 'f');
    expect(await messageOf(() => withLock(file, () => undefined))).toBe(
      'gcs: the store answers 404 to a create of a new object; is there such a bucket, and is the endpoint right?',
    );
  });
});

describe('an SFTP server that cannot be entered', () => {
  const { private: hostKey } = ssh2.utils.generateKeyPairSync('ed25519');
  const { private: privateKey } = ssh2.utils.generateKeyPairSync('ed25519');
  const server = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
    client.on('error', () => undefined).on('authentication', (login) => login.reject());
  });
  let options: SftpVfsOptions;

  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const key = ssh2.utils.parseKey(hostKey) as ssh2.ParsedKey;
    const digest = await crypto.subtle.digest('SHA-256', key.getPublicSSH());
    const pin = `SHA256:${Buffer.from(digest).toString('base64').replace(/=+$/, '')}`;
    options = { host: '127.0.0.1', port, username: 'u', hostKey: pin };
  });
  afterAll(() => server.close());

  const messageWith = (more: SftpVfsOptions): Promise<string> =>
    messageOf(() => new VfsFile(sftpVfs({ ...options, ...more }), 'f').stat());

  test('says what the login was tried with, or that there was nothing', async () => {
    expect(await messageWith({})).toMatch(/as u: .*; no key, agent or password was given$/);
    const tried = await messageWith({ privateKey, password: 'hunter2' });
    expect(tried).toMatch(/as u: .*; the server refused the private key, the password$/);
    expect(tried).not.toContain('hunter2');
  });

  test('says how an unknown server becomes a known one', async () => {
    const { port } = options;
    const message = await messageWith({ hostKey: undefined, knownHosts: '/nowhere' });
    expect(message).toContain('/nowhere does not know it; compare it with the server');
    expect(message).toContain(
      `the output of \`ssh-keyscan -p ${String(port)} 127.0.0.1\` there, or pin it with hostKey`,
    );
  });

  test('says that the settings of ssh are not read', async () => {
    expect(await messageWith({ host: 'no-such-alias.invalid', port: 22 })).toContain('~/.ssh/config is not read');
  });

  test.each<[SftpVfsOptions, string]>([
    [{ privateKey: '~/.ssh/id_ed25519' }, 'privateKey must be the content of a key file, not its name: readFileSync('],
    [
      { privateKey: 'ssh-ed25519 AAAA me@here' },
      'privateKey is a public key; give the content of the file without .pub',
    ],
    [{ privateKey: 7 as never }, 'privateKey must be a string or a Buffer, not a number'],
    [{ hostKey: 'aa:bb' }, 'hostKey must be SHA256: and 43 characters, as `ssh-keygen -l` shows it'],
  ])('refuses at once what no server would understand: %o', async (more, message) => {
    expect(await messageOf(() => sftpVfs({ host: 'h', username: 'u', ...more }))).toContain(message);
  });
});
