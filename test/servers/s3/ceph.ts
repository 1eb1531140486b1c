import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { freePort, must, startDaemon, type Running } from '../../support/process.js';
import { answersHttp } from '../../support/http.js';

export const CEPH_PACKAGES = ['radosgw', 'ceph-mon', 'ceph-osd', 'faketime'];
export const CEPH_FILES = CEPH_PACKAGES.map((name) => `/usr/bin/${name}`);

const ACCESS_KEY = 'tester';
const SECRET_KEY = 'tester-secret';

/** A key of the key service that gateways have for tests. */
export const KMS_KEY = 'test-key';
const KMS_SECRET = Buffer.alloc(32, 'k').toString('base64');

/** A cluster of one monitor and one storage daemon that keeps everything in memory, with as many gateways as are asked for. */
export interface Cluster {
  readonly osd: Running;
  readonly gateways: readonly Gateway[];
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  gateway(wrapper?: readonly string[]): Promise<Gateway>;
  stop(): Promise<void>;
}

export interface Gateway extends Running {
  readonly endpoint: string;
}

export async function startCluster(home: string): Promise<Cluster> {
  const config = await configure(home);
  const ceph = (...args: readonly string[]): string =>
    must('ceph', '--conf', config, '--connect-timeout', '20', ...args);
  const running: Running[] = [];
  try {
    const mon = await startDaemon(['ceph-mon', '-i', 'a', '-f', '--conf', config], () => true);
    running.unshift(mon);
    const uuid = randomUUID();
    ceph('osd', 'new', uuid);
    must('ceph-osd', '-i', '0', '--mkfs', '--osd-uuid', uuid, '--conf', config);
    const osd = await startDaemon(['ceph-osd', '-i', '0', '-f', '--conf', config], () => true);
    running.unshift(osd);
    const gateways: Gateway[] = [];
    const gateway = async (wrapper: readonly string[] = []): Promise<Gateway> => {
      const started = await startGateway(home, wrapper);
      running.unshift(started);
      gateways.push(started);
      return started;
    };
    const user = ['user', 'create', '--uid', 'tester', '--display-name', 'tester', '--conf', config];
    must('radosgw-admin', ...user, '--access-key', ACCESS_KEY, '--secret-key', SECRET_KEY);
    await gateway();
    return {
      ...{ osd, gateways, gateway, stop: () => stopAll(running) },
      credentials: { accessKeyId: ACCESS_KEY, secretAccessKey: SECRET_KEY },
    };
  } catch (error) {
    await stopAll(running);
    throw error;
  }
}

async function stopAll(running: readonly Running[]): Promise<void> {
  for (const each of running) await each.stop('SIGKILL');
}

/** Starts one more gateway to the cluster that lives in a folder. It ends with the cluster, unless it is stopped before. */
export async function startGateway(home: string, wrapper: readonly string[] = []): Promise<Gateway> {
  const config = join(home, 'ceph.conf');
  const port = await freePort();
  const name = `client.rgw.${String(port)}`;
  mkdirSync(join(home, `rgw-${String(port)}`), { recursive: true });
  // Else each answer with a body waits 40 ms for the acknowledgement of its head.
  const frontend = `beast endpoint=127.0.0.1:${String(port)} tcp_nodelay=1`;
  const command = ['radosgw', '-f', '-n', name, '--conf', config, '--rgw-frontends', frontend];
  const [file = '', ...args] = [...wrapper, ...command];
  const endpoint = `http://127.0.0.1:${String(port)}`;
  const running = await startDaemon([file, ...args], () => answersHttp(endpoint));
  return { ...running, endpoint };
}

async function configure(home: string): Promise<string> {
  const [config, map, fsid] = [join(home, 'ceph.conf'), join(home, 'monmap'), randomUUID()];
  const address = `v2:127.0.0.1:${String(await freePort())}`;
  for (const folder of ['mon', 'osd', 'osd/0', 'run', 'log']) mkdirSync(join(home, folder));
  const lines = [
    ...['[global]', `fsid = ${fsid}`, `mon host = ${address}`, 'mon initial members = a'],
    ...['auth cluster required = none', 'auth service required = none', 'auth client required = none'],
    ...['ms mon client mode = crc', 'ms bind ipv4 = true', 'public addr = 127.0.0.1', 'cluster addr = 127.0.0.1'],
    ...['ms bind port min = 10000', 'ms bind port max = 11999'],
    ...[`mon data = ${home}/mon/$id`, `osd data = ${home}/osd/$id`, `run dir = ${home}/run`],
    ...[`admin socket = ${home}/run/$cluster-$name.$pid.asok`, `log file = ${home}/log/$name.log`, 'debug default = 0'],
    ...[`rgw data = ${home}/$name`, 'keyring = /dev/null', 'pid file ='],
    ...['osd objectstore = memstore', 'memstore device bytes = 2147483648', 'osd pool default size = 1'],
    ...['osd pool default min size = 1', 'mon allow pool size one = true', 'osd pool default pg num = 4'],
    ...['osd pool default pg autoscale mode = off', 'osd crush chooseleaf type = 0'],
    ...['paxos propose interval = 0.05', 'paxos min wait = 0.01', 'rgw thread pool size = 64'],
    ...['rgw crypt require ssl = false', 'rgw crypt s3 kms backend = testing'],
    `rgw crypt s3 kms encryption keys = ${KMS_KEY}=${KMS_SECRET}`,
    '',
  ];
  writeFileSync(config, lines.join('\n'));
  must('monmaptool', '--create', '--addv', 'a', `[${address}]`, '--fsid', fsid, map);
  must('ceph-mon', '--mkfs', '-i', 'a', '--monmap', map, '--conf', config);
  return config;
}
