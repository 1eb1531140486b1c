import { VfsError } from '../../vfs/errors.js';

/** Which bucket, and how to reach it. */
export interface S3VfsOptions {
  readonly bucket: string;
  /** What every key begins with, taken as it is: usually it ends with a slash. Default: nothing. */
  readonly prefix?: string;
  /** An `S3Client` of `@aws-sdk/client-s3` to work with. Default: one of the SDK's own credential chain and environment. */
  readonly client?: object;
  /** The URL of a store that is not AWS. Default: `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`, else AWS. Not with `client`. */
  readonly endpoint?: string;
  /** Default: the SDK's, and `us-east-1` where there is an endpoint. Not with `client`. */
  readonly region?: string;
  /** Put the bucket into the path of the URL instead of its host. Default: where there is an endpoint. Not with `client`. */
  readonly pathStyle?: boolean;
  /**
   * `'native'`: locks are given back by a conditional DELETE; `'none'`: by overwriting them with a tombstone. Default:
   * `'native'` on AWS, else `'none'`, because most other stores ignore the condition or do not hold it in a race, and no
   * check can tell the latter.
   */
  readonly conditionalDelete?: 'native' | 'none';
  /** Pay for the requests to somebody else's bucket. */
  readonly requesterPays?: boolean;
  /** The account that the bucket must belong to; else every call is refused by the store. */
  readonly expectedBucketOwner?: string;
}

/** `S3VfsOptions`, checked and with every default filled in. */
export interface S3Terms {
  readonly bucket: string;
  readonly prefix: string;
  readonly client: object | undefined;
  readonly endpoint: string | undefined;
  readonly region: string | undefined;
  readonly pathStyle: boolean;
  readonly conditionalDelete: boolean;
  readonly isAws: boolean;
  /** Whether `conditionalDelete` was inferred from the store being AWS, which the first request has to bear out. */
  readonly takenForAws: boolean;
  readonly common: Common;
}

/** What goes with every request. */
export interface Common {
  readonly Bucket: string;
  readonly RequestPayer?: 'requester';
  readonly ExpectedBucketOwner?: string;
}

export function s3Terms(options: S3VfsOptions): S3Terms {
  const { bucket, prefix = '', client, conditionalDelete, requesterPays, expectedBucketOwner } = options;
  if (typeof bucket !== 'string' || !/^(arn:[\w:/-]+|[a-z0-9A-Z][\w.-]{1,254})$/.test(bucket)) {
    throw bad(`${JSON.stringify(bucket)} is no bucket`);
  }
  if (typeof prefix !== 'string' || Buffer.byteLength(prefix) > 900)
    throw bad('prefix must be text of up to 900 bytes');
  if (conditionalDelete !== undefined && !['native', 'none'].includes(conditionalDelete)) {
    throw bad(`conditionalDelete must be 'native' or 'none'`);
  }
  if (client !== undefined && !isClient(client)) throw bad('client is no S3Client of @aws-sdk/client-s3');
  for (const name of ['endpoint', 'region', 'pathStyle'] as const) {
    if (client !== undefined && options[name] !== undefined)
      throw bad(`${name} is the client's own where one is given`);
  }
  const endpoint = client === undefined ? endpointOf(options.endpoint) : undefined;
  const aws = client === undefined ? endpoint === undefined || isAws(new URL(endpoint).hostname) : !isElsewhere(client);
  return {
    ...{ bucket, prefix, client, endpoint, region: options.region },
    pathStyle: options.pathStyle ?? endpoint !== undefined,
    conditionalDelete: conditionalDelete === undefined ? aws : conditionalDelete === 'native',
    isAws: aws,
    takenForAws: conditionalDelete === undefined && aws,
    common: {
      Bucket: bucket,
      ...(requesterPays ? { RequestPayer: 'requester' } : {}),
      ...(expectedBucketOwner === undefined ? {} : { ExpectedBucketOwner: expectedBucketOwner }),
    },
  };
}

/** The store, as far as it is known before its client is asked: an endpoint, or the client itself, which may lead anywhere. */
export function realmOf({ client, endpoint = 'AWS' }: S3Terms): string {
  if (client === undefined) return endpoint;
  const serial = serials.get(client) ?? ++clients;
  serials.set(client, serial);
  return `client ${String(serial)}`;
}

const serials = new WeakMap<object, number>();
let clients = 0;

function isClient(client: object): boolean {
  const { send, config } = client as { readonly send?: unknown; readonly config?: unknown };
  return typeof send === 'function' && typeof config === 'object';
}

/** Whether a host is one of Amazon's own, whose conditional requests need no proof. */
export function isAws(hostname: string): boolean {
  return /(^|\.)(amazonaws\.(com|com\.cn|eu)|api\.aws)$/.test(hostname.toLowerCase());
}

/** Whether a client was given an endpoint. One from a settings file is found by the SDK later. */
function isElsewhere(client: object): boolean {
  const { config } = client as { readonly config: { readonly isCustomEndpoint?: boolean } };
  return config.isCustomEndpoint === true || environmentsEndpoint() !== undefined;
}

function environmentsEndpoint(): string | undefined {
  const { AWS_ENDPOINT_URL_S3: own, AWS_ENDPOINT_URL: all } = process.env;
  return [own, all].find((url) => url !== undefined && url !== '');
}

function endpointOf(given: string | undefined): string | undefined {
  const endpoint = given ?? environmentsEndpoint();
  if (endpoint === undefined) return undefined;
  if (/^https?:\/\/[^/]/.test(endpoint) && URL.canParse(endpoint)) return endpoint;
  // It is not shown: what is wrong with it may be a secret in the wrong place.
  throw bad('endpoint is no http or https URL');
}

function bad(problem: string): VfsError {
  return new VfsError('ERR_VFS_URI', `s3: ${problem}`);
}
