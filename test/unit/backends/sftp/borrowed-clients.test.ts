import { expect, test } from 'vitest';

import { sftpVfs } from '../../../../src/backends/sftp/index.js';
import { lockKey } from '../../../../src/lock/model/sightings.js';

const through = (port: number): object => ({ client: { config: { host: '127.0.0.1', port, username: 'worker' } } });
const keyOf = (client: object): string => lockKey(sftpVfs({ client }), 'data.csv.lock');

test('A3: clients of two servers of one host name different ports, and their locks do not wait for each other', () => {
  const [one, two] = [through(2201), through(2202)];
  expect(sftpVfs({ client: one }).locate('data.csv')).toBe('sftp://worker@127.0.0.1:2201/data.csv');
  expect(sftpVfs({ client: two }).locate('data.csv')).toBe('sftp://worker@127.0.0.1:2202/data.csv');
  expect(keyOf(one)).not.toBe(keyOf(two));
});

test('A3: two clients that name the same server, as through two tunnels, may lead to two of them', () => {
  const [one, two] = [through(22), through(22)];
  expect(keyOf(one)).not.toBe(keyOf(two));
  expect(keyOf(one)).toBe(keyOf(one));
});
