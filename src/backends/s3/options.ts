import { asFolder, hasUser, USER_REFUSED } from '../shared/bucket/uri.js';
import { clientId } from '../shared/client-id.js';
import { durationMs, type Duration } from '../../util/duration.js';
import { BOOLEAN, checkOptions, DURATION, OBJECT, STRING, type OptionKinds } from '../../util/option-check.js';
import { VfsError } from '../../vfs/errors.js';

/** The bucket, and how to reach it. */
export interface S3VfsOptions {
  /** The name of the bucket, or the ARN of an access point. */
  readonly bucket: string;
  /**
   * What every key begins with, at most 900 bytes. It is a folder: where it
   * does not end with a slash, one is added.
   * @default ''
   */
  readonly prefix?: string | undefined;
  /**
   * An `S3Client` of `@aws-sdk/client-s3`, which stays the caller's to close.
   * @default a client that finds credentials and region in the environment and the AWS settings files
   */
  readonly client?: object | undefined;
  /**
   * The http or https URL of a store that is not AWS. Not together with `client`.
   * @default `AWS_ENDPOINT_URL_S3`, else `AWS_ENDPOINT_URL`, else AWS
   */
  readonly endpoint?: string | undefined;
  /**
   * The region of the bucket. Not together with `client`.
   * @default the SDK's, from `AWS_REGION` or the AWS settings files; `'us-east-1'` where there is an endpoint and no `AWS_REGION`
   */
  readonly region?: string | undefined;
  /**
   * Whether URLs name the bucket in the path instead of the host. Not together with `client`.
   * @default true where there is an endpoint, else false
   */
  readonly pathStyle?: boolean | undefined;
  /**
   * How locks are released: `'native'` by a conditional DELETE, `'none'` by overwriting them with a tombstone. Most stores that
   * are not AWS ignore the condition of a DELETE, or do not hold it in a race, which no probe can find out.
   * @default `'native'` on AWS, else `'none'`
   */
  readonly conditionalDelete?: 'native' | 'none' | undefined;
  /**
   * Whether the caller pays for requests to the bucket of somebody else.
   * @default false
   */
  readonly requesterPays?: boolean | undefined;
  /**
   * The 12-digit account that has to own the bucket. The store refuses every request where it does not.
   * @default not checked
   */
  readonly expectedBucketOwner?: string | undefined;
  /**
   * How long a call may take, in milliseconds or as text such as `'5s'`: `read` of up to 1 MiB, `create`, `replace`, `remove`,
   * `stat` and `delete`, repeated requests included. Writes of more than 64 KiB have twelve times as long. Elsewhere it limits how
   * long the store may be silent in the middle of a request (with a `client` that is that client's own setting).
   * @default '10s'
   */
  readonly timeout?: Duration | undefined;
}

/** `S3VfsOptions` after checks, with every default filled in. */
export interface ResolvedS3Options {
  readonly bucket: string;
  readonly prefix: string;
  readonly client: object | undefined;
  readonly endpoint: string | undefined;
  readonly region: string | undefined;
  readonly pathStyle: boolean;
  readonly conditionalDelete: boolean;
  readonly isAws: boolean;
  /** Whether `conditionalDelete` follows from the assumption that the store is AWS, which the host of each request has to confirm. */
  readonly assumedAws: boolean;
  readonly common: CommonInput;
  /** Names the store in messages. */
  readonly host: string;
  readonly timeoutMs: number;
}

/** The input that all commands have. */
export interface CommonInput {
  readonly Bucket: string;
  readonly RequestPayer?: 'requester';
  readonly ExpectedBucketOwner?: string;
}

const OPTIONS: OptionKinds<S3VfsOptions> = {
  bucket: STRING,
  prefix: STRING,
  client: OBJECT,
  endpoint: STRING,
  region: STRING,
  pathStyle: BOOLEAN,
  conditionalDelete: STRING,
  requesterPays: BOOLEAN,
  expectedBucketOwner: STRING,
  timeout: DURATION,
};

export function resolveOptions(options: S3VfsOptions): ResolvedS3Options {
  checkOptions('s3Vfs', options, OPTIONS);
  const { bucket, prefix = '', client, conditionalDelete, requesterPays, expectedBucketOwner } = options;
  if (typeof bucket !== 'string' || !/^(arn:[\w:/-]+|[a-z0-9A-Z][\w.-]{1,254})$/.test(bucket)) {
    throw bad(`${JSON.stringify(bucket)} is not the name of a bucket`);
  }
  if (typeof prefix !== 'string' || Buffer.byteLength(prefix) > 900)
    throw bad('prefix must be text of up to 900 bytes');
  if (conditionalDelete !== undefined && !['native', 'none'].includes(conditionalDelete)) {
    throw bad(`conditionalDelete must be 'native' or 'none'`);
  }
  if (client !== undefined && !isClient(client)) throw bad('client is not an S3Client of @aws-sdk/client-s3');
  for (const name of ['endpoint', 'region', 'pathStyle'] as const) {
    if (client !== undefined && options[name] !== undefined)
      throw bad(`${name} cannot be set together with client, which has its own`);
  }
  const endpoint = client === undefined ? endpointOf(options.endpoint) : undefined;
  const aws = client === undefined ? endpoint === undefined || isAws(new URL(endpoint).hostname) : !isElsewhere(client);
  return {
    ...{ bucket, prefix: asFolder(prefix), client, endpoint, region: options.region },
    pathStyle: options.pathStyle ?? endpoint !== undefined,
    conditionalDelete: conditionalDelete === undefined ? aws : conditionalDelete === 'native',
    isAws: aws,
    assumedAws: conditionalDelete === undefined && aws,
    host: hostOf(client, endpoint),
    timeoutMs: durationMs(options.timeout ?? '10s', 'timeout', {}),
    common: {
      Bucket: bucket,
      ...(requesterPays ? { RequestPayer: 'requester' } : {}),
      ...(expectedBucketOwner === undefined ? {} : { ExpectedBucketOwner: expectedBucketOwner }),
    },
  };
}

export function storeIdOf({ client, endpoint = 'AWS' }: ResolvedS3Options): string {
  return client === undefined ? endpoint : clientId(client);
}

function hostOf(client: object | undefined, endpoint: string | undefined): string {
  if (client !== undefined) return 'the endpoint of the client';
  return endpoint === undefined ? 'Amazon S3' : new URL(endpoint).host;
}

function isClient(client: object): boolean {
  const { send, config } = client as { readonly send?: unknown; readonly config?: unknown };
  return typeof send === 'function' && typeof config === 'object';
}

/** Whether a host is one of Amazon's own, whose conditional requests need no probe. */
export function isAws(hostname: string): boolean {
  return /(^|\.)(amazonaws\.(com|com\.cn|eu)|api\.aws)$/.test(hostname.toLowerCase());
}

/** Whether a client has an endpoint. The SDK reads one from a settings file only later. */
function isElsewhere(client: object): boolean {
  const { config } = client as { readonly config: { readonly isCustomEndpoint?: boolean } };
  return config.isCustomEndpoint === true || endpointFromEnvironment() !== undefined;
}

function endpointFromEnvironment(): string | undefined {
  const { AWS_ENDPOINT_URL_S3: own, AWS_ENDPOINT_URL: all } = process.env;
  return [own, all].find((url) => url !== undefined && url !== '');
}

function endpointOf(given: string | undefined): string | undefined {
  const endpoint = given ?? endpointFromEnvironment();
  if (endpoint === undefined) return undefined;
  if (/^https?:\/\/[^/]/.test(endpoint) && URL.canParse(endpoint)) {
    if (!hasUser(endpoint)) return endpoint;
    throw bad(USER_REFUSED);
  }
  // The message does not show it, because a secret may be what is wrong with it.
  throw bad('endpoint is not an http or https URL');
}

function bad(problem: string): VfsError {
  return new VfsError('ERR_VFS_URI', `s3: ${problem}`);
}
