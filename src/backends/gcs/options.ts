import { durationMs, type Duration } from '../../util/duration.js';
import { VfsError } from '../../vfs/errors.js';

/** Which bucket, and how to reach it. */
export interface GcsVfsOptions {
  readonly bucket: string;
  /** What every key begins with, taken as it is: usually it ends with a slash. Default: nothing. */
  readonly prefix?: string;
  /** A `Storage` of `@google-cloud/storage` to work with. Default: one of the SDK's own credential chain and environment. */
  readonly client?: object;
  /** The URL of an emulator or a gateway. Default: `STORAGE_EMULATOR_HOST`, else Google's. Not with `client`. */
  readonly endpoint?: string;
  /**
   * `'native'`: the store holds the conditions of DELETE and of copies, so locks are given back by a conditional DELETE;
   * `'none'`: they are given back by overwriting them with a tombstone. Default: `'native'` at Google, else `'none'`, because
   * emulators ignore these conditions or do not hold them in a race, and no check can tell the latter.
   */
  readonly conditionalDelete?: 'native' | 'none';
  /** The project that pays for the requests to somebody else's bucket. */
  readonly userProject?: string;
  /**
   * How long an answer, or the next piece of one, may stay away before the request is given up; twelve times as long where the
   * SDK may repeat it or much is on its way. Milliseconds or text such as `'5s'`. Default `'10s'`.
   */
  readonly timeout?: Duration;
}

/** `GcsVfsOptions`, checked and with every default filled in. */
export interface GcsTerms {
  readonly bucket: string;
  readonly prefix: string;
  readonly client: object | undefined;
  /** Where the APIs are, without a slash at the end. */
  readonly endpoint: string;
  readonly conditionalDelete: boolean;
  /** Whether the store is Google's own, whose conditions need no proof. */
  readonly isGoogle: boolean;
  readonly userProject: string | undefined;
  readonly timeoutMs: number;
}

const GOOGLE = 'https://storage.googleapis.com';

export function gcsTerms(options: GcsVfsOptions): GcsTerms {
  const { bucket, prefix = '', client, conditionalDelete, userProject } = options;
  if (typeof bucket !== 'string' || !/^[a-z0-9][\w.-]{1,220}[a-z0-9]$/.test(bucket)) {
    throw bad(`${JSON.stringify(bucket)} is no bucket`);
  }
  if (typeof prefix !== 'string' || Buffer.byteLength(prefix) > 900 || /[\r\n]/.test(prefix))
    throw bad('prefix must be text of up to 900 bytes in one line');
  if (conditionalDelete !== undefined && !['native', 'none'].includes(conditionalDelete)) {
    throw bad(`conditionalDelete must be 'native' or 'none'`);
  }
  if (client !== undefined && !isClient(client)) throw bad('client is no Storage of @google-cloud/storage');
  if (client !== undefined && options.endpoint !== undefined)
    throw bad(`endpoint is the client's own where one is given`);
  if (userProject !== undefined && (typeof userProject !== 'string' || userProject === ''))
    throw bad('userProject must be the id of a project');
  const endpoint = endpointOf(client?.apiEndpoint ?? options.endpoint);
  const isGoogle = isGoogles(endpoint, client?.universeDomain);
  const native = conditionalDelete === undefined ? isGoogle : conditionalDelete === 'native';
  const timeoutMs = durationMs(options.timeout ?? '10s', 'timeout', {});
  return { ...{ bucket, prefix, client, endpoint, isGoogle, userProject, timeoutMs }, conditionalDelete: native };
}

interface Client {
  readonly apiEndpoint: string;
  readonly universeDomain?: string;
}

function isClient(client: object): client is Client {
  const { apiEndpoint, request } = client as { readonly apiEndpoint?: unknown; readonly request?: unknown };
  return typeof apiEndpoint === 'string' && typeof request === 'function';
}

/** As the SDK reads it, which also takes a host alone or the base of the JSON API. */
function endpointOf(given: string | undefined): string {
  const { STORAGE_EMULATOR_HOST: emulator = '' } = process.env;
  const text = given ?? (emulator === '' ? GOOGLE : emulator);
  const url = (/^https?:\/\//.test(text) ? text : `https://${text}`).replace(/\/+$/, '').replace(/\/storage\/v1$/, '');
  if (URL.canParse(url)) return url;
  // It is not shown: what is wrong with it may be a secret in the wrong place.
  throw bad('endpoint is no http or https URL');
}

function isGoogles(endpoint: string, universe = 'googleapis.com'): boolean {
  const { hostname } = new URL(endpoint);
  return hostname.endsWith('.googleapis.com') || hostname === `storage.${universe}`;
}

function bad(problem: string): VfsError {
  return new VfsError('ERR_VFS_URI', `gcs: ${problem}`);
}
