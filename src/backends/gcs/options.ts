import { asFolder, hasUser, USER_REFUSED } from '../shared/bucket/uri.js';
import { durationMs, type Duration } from '../../util/duration.js';
import { checkOptions, DURATION, OBJECT, STRING, type OptionKinds } from '../../util/option-check.js';
import { VfsError } from '../../vfs/errors.js';

/** The bucket, and how to reach it. */
export interface GcsVfsOptions {
  /** The name of the bucket. */
  readonly bucket: string;
  /**
   * What every key begins with, at most 900 bytes. It is a folder: where it
   * does not end with a slash, one is added.
   * @default ''
   */
  readonly prefix?: string | undefined;
  /**
   * A `Storage` of `@google-cloud/storage`.
   * @default a client that finds its credentials in the environment, as the SDK does
   */
  readonly client?: object | undefined;
  /**
   * The URL of an emulator or a gateway. Not together with `client`.
   * @default `STORAGE_EMULATOR_HOST`, else Google's
   */
  readonly endpoint?: string | undefined;
  /**
   * How locks are released: `'native'` by a conditional DELETE, `'none'` by overwriting them with a tombstone. Emulators ignore
   * the conditions of DELETE and of copies, or do not hold them in a race, which no probe can find out.
   * @default `'native'` at Google, else `'none'`
   */
  readonly conditionalDelete?: 'native' | 'none' | undefined;
  /**
   * `'gcslock'`: locks also have the metadata `lock_owner` and `expires_sec`, by which the Python package `gcslock` goes, and those
   * of that package are respected, so that both exclude each other as far as its protocol allows: it judges by its machine's clock.
   * Each read of a lock takes two requests then.
   * @default none
   */
  readonly compatible?: 'gcslock' | undefined;
  /**
   * The id of the project that pays for requests to the bucket of somebody else.
   * @default none
   */
  readonly userProject?: string | undefined;
  /**
   * How long a call may take, in milliseconds or as text such as `'5s'`: `read` of up to 1 MiB, `create`, `replace`, `remove`,
   * `stat` and `delete`, repeated requests included. Elsewhere it limits how long to wait for an answer or the next bytes of one.
   * Requests that are large, or that the SDK may send again, have twelve times as long.
   * @default '10s'
   */
  readonly timeout?: Duration | undefined;
}

/** `GcsVfsOptions` after checks, with every default filled in. */
export interface ResolvedGcsOptions {
  readonly bucket: string;
  readonly prefix: string;
  readonly client: object | undefined;
  /** The URL below which the APIs are, without a slash at the end. */
  readonly endpoint: string;
  readonly conditionalDelete: boolean;
  /** Whether the Python package gcslock takes part. */
  readonly gcslock: boolean;
  /** Whether the store is Google's own, whose conditional requests need no probe. */
  readonly isGoogle: boolean;
  readonly userProject: string | undefined;
  readonly timeoutMs: number;
  /** Names the store in messages. */
  readonly host: string;
}

const GOOGLE = 'https://storage.googleapis.com';

const OPTIONS: OptionKinds<GcsVfsOptions> = {
  bucket: STRING,
  prefix: STRING,
  client: OBJECT,
  endpoint: STRING,
  conditionalDelete: STRING,
  compatible: STRING,
  userProject: STRING,
  timeout: DURATION,
};

export function resolveOptions(options: GcsVfsOptions): ResolvedGcsOptions {
  checkOptions('gcsVfs', options, OPTIONS);
  const { bucket, prefix = '', client, conditionalDelete, compatible, userProject } = options;
  if (typeof bucket !== 'string' || !/^[a-z0-9][\w.-]{1,220}[a-z0-9]$/.test(bucket)) {
    throw bad(`${JSON.stringify(bucket)} is not the name of a bucket`);
  }
  if (typeof prefix !== 'string' || Buffer.byteLength(prefix) > 900 || /[\r\n]/.test(prefix))
    throw bad('prefix must be text of up to 900 bytes in one line');
  if (conditionalDelete !== undefined && !['native', 'none'].includes(conditionalDelete)) {
    throw bad(`conditionalDelete must be 'native' or 'none'`);
  }
  if (!([undefined, 'gcslock'] as unknown[]).includes(compatible)) throw bad(`compatible must be 'gcslock'`);
  if (client !== undefined && !isClient(client)) throw bad('client is not a Storage of @google-cloud/storage');
  if (client !== undefined && options.endpoint !== undefined)
    throw bad('endpoint cannot be set together with client, which has its own');
  if (userProject !== undefined && (typeof userProject !== 'string' || userProject === ''))
    throw bad('userProject must be the id of a project');
  const endpoint = endpointOf(client?.apiEndpoint ?? options.endpoint);
  const isGoogle = isGoogles(endpoint, client?.universeDomain);
  const native = conditionalDelete === undefined ? isGoogle : conditionalDelete === 'native';
  const timeoutMs = durationMs(options.timeout ?? '10s', 'timeout', {});
  const { host } = new URL(endpoint);
  return {
    ...{ bucket, prefix: asFolder(prefix), client, endpoint, host, isGoogle, userProject, timeoutMs },
    conditionalDelete: native,
    gcslock: compatible === 'gcslock',
  };
}

interface Client {
  readonly apiEndpoint: string;
  readonly universeDomain?: string;
}

function isClient(client: object): client is Client {
  const { apiEndpoint, request } = client as { readonly apiEndpoint?: unknown; readonly request?: unknown };
  return typeof apiEndpoint === 'string' && typeof request === 'function';
}

/** Like the SDK, this also takes a host without a scheme, and the base URL of the JSON API. */
function endpointOf(given: string | undefined): string {
  const { STORAGE_EMULATOR_HOST: emulator = '' } = process.env;
  const text = given ?? (emulator === '' ? GOOGLE : emulator);
  const url = (/^https?:\/\//.test(text) ? text : `https://${text}`).replace(/\/+$/, '').replace(/\/storage\/v1$/, '');
  if (URL.canParse(url)) {
    if (!hasUser(url)) return url;
    throw bad(USER_REFUSED);
  }
  // The message does not show it, because a secret may be what is wrong with it.
  throw bad('endpoint is not an http or https URL');
}

function isGoogles(endpoint: string, universe = 'googleapis.com'): boolean {
  const { hostname } = new URL(endpoint);
  return hostname.endsWith('.googleapis.com') || hostname === `storage.${universe}`;
}

function bad(problem: string): VfsError {
  return new VfsError('ERR_VFS_URI', `gcs: ${problem}`);
}
