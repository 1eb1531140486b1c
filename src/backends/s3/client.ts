import type * as Sdk from '@aws-sdk/client-s3';

import { VfsError } from '../../vfs/errors.js';
import { isPage, neverSent } from '../shared/bucket/errors.js';
import { S3Failure, type Attempt } from './errors.js';
import type { ResolvedS3Options } from './options.js';

type SdkModule = typeof Sdk;

/** A command of the SDK for one request. */
type S3Command<I extends Sdk.ServiceInputTypes, O extends Sdk.ServiceOutputTypes> = Sdk.$Command<
  I,
  O,
  Sdk.S3ClientResolvedConfig,
  Sdk.ServiceInputTypes,
  Sdk.ServiceOutputTypes
>;

export interface Reply<O> {
  readonly output: O;
  /** The store's clock when it answered, in milliseconds; undefined where the answer has no `Date`. */
  readonly nowMs: number | undefined;
}

export interface SendOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called once, before anything is sent, with the host that the request is for; may change its headers. */
  readonly before?: (hostname: string, headers: Record<string, string>) => Promise<void>;
}

/** The SDK counts the wait for a free socket as part of this time. */
const CONNECT_MS = 5000;
/** Ten times the default, so that a renewal need not wait for files that are read slowly, or for many other locks. */
const SOCKETS = { maxSockets: 500 };

/** Sends commands through the SDK, which is loaded when it is first needed, and records every attempt. */
export class S3Client {
  readonly #options: ResolvedS3Options;
  #ready: Promise<{ readonly sdk: SdkModule; readonly client: Sdk.S3Client }> | undefined;

  constructor(options: ResolvedS3Options) {
    this.#options = options;
  }

  get timeoutMs(): number {
    return this.#options.timeoutMs;
  }

  /** Rejects with `S3Failure`, or with what `before` threw. */
  async send<I extends Sdk.ServiceInputTypes, O extends Sdk.ServiceOutputTypes>(
    make: (sdk: SdkModule) => S3Command<I, O>,
    { signal, before }: SendOptions = {},
  ): Promise<Reply<O>> {
    const { sdk, client } = await (this.#ready ??= this.#load());
    signal?.throwIfAborted();
    const command = make(sdk);
    const log = recordAttempts(command);
    if (before) callBefore(command, before);
    try {
      const output = await client.send(command, signal ? { abortSignal: signal } : {});
      return { output, nowMs: log.nowMs };
    } catch (cause) {
      throw cause instanceof VfsError ? cause : new S3Failure(cause, log.attempts, log.isPage);
    }
  }

  /** Closes the connections, unless the client is the user's. */
  async close(): Promise<void> {
    const ready = this.#ready;
    this.#ready = undefined;
    if (this.#options.client === undefined) (await ready)?.client.destroy();
  }

  async #load(): Promise<{ readonly sdk: SdkModule; readonly client: Sdk.S3Client }> {
    try {
      const sdk = await import('@aws-sdk/client-s3');
      const { client } = this.#options;
      return { sdk, client: client ? (client as Sdk.S3Client) : new sdk.S3Client(configOf(this.#options)) };
    } catch (cause) {
      this.#ready = undefined;
      const message = 's3: needs the package @aws-sdk/client-s3; install it with `npm install @aws-sdk/client-s3`';
      throw new VfsError('ERR_VFS_UNSUPPORTED', message, { cause });
    }
  }
}

/** Retries are the SDK's own (3 attempts, or `AWS_MAX_ATTEMPTS`): the record of attempts shows what they hide. */
function configOf({ endpoint, region, pathStyle, timeoutMs }: ResolvedS3Options): Sdk.S3ClientConfig {
  const fromEnvironment = process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION;
  const known = region ?? fromEnvironment ?? (endpoint === undefined ? undefined : 'us-east-1');
  return {
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(known === undefined ? {} : { region: known }),
    forcePathStyle: pathStyle,
    // Other stores do not know the newer checksums, and nothing here needs them.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      ...{ connectionTimeout: Math.min(CONNECT_MS, timeoutMs), socketTimeout: timeoutMs },
      ...{ httpAgent: SOCKETS, httpsAgent: SOCKETS },
    },
  };
}

interface AttemptLog {
  readonly attempts: Attempt[];
  nowMs: number | undefined;
  /** Of the last attempt. */
  isPage: boolean;
}

/** Runs below the SDK's retries, next to the network. */
function recordAttempts<I extends Sdk.ServiceInputTypes, O extends Sdk.ServiceOutputTypes>(command: S3Command<I, O>) {
  const log: AttemptLog = { attempts: [], nowMs: undefined, isPage: false };
  command.middlewareStack.add(
    (next) => async (args) => {
      const at = log.attempts.push('unanswered') - 1;
      try {
        const result = await next(args);
        const { statusCode, headers } = result.response as {
          readonly statusCode: number;
          readonly headers: Readonly<Record<string, string>>;
        };
        log.attempts[at] = statusCode;
        log.nowMs = timeOf(headers.date);
        log.isPage = isPage(statusCode, headers);
        return result;
      } catch (error) {
        if (neverSent(error)) log.attempts[at] = 'unsent';
        throw error;
      }
    },
    { step: 'deserialize', priority: 'low', name: 'vfsLockfileLog' },
  );
  return log;
}

/** Runs above the SDK's retries and before it signs the request. */
function callBefore<I extends Sdk.ServiceInputTypes, O extends Sdk.ServiceOutputTypes>(
  command: S3Command<I, O>,
  before: NonNullable<SendOptions['before']>,
): void {
  command.middlewareStack.add(
    (next) => async (args) => {
      const request = args.request as { readonly hostname: string; readonly headers: Record<string, string> };
      await before(request.hostname, request.headers);
      return next(args);
    },
    { step: 'build', priority: 'low', name: 'vfsLockfileBefore' },
  );
}

function timeOf(date: string | undefined): number | undefined {
  const ms = Date.parse(date ?? '');
  return Number.isNaN(ms) ? undefined : ms;
}
