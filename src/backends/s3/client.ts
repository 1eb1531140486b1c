import type * as Sdk from '@aws-sdk/client-s3';

import { VfsError } from '../../vfs/errors.js';
import { neverSent } from '../shared/bucket/never-sent.js';
import type { S3Terms } from './options.js';

export type SdkModule = typeof Sdk;

/** A command of the SDK for one request. */
export type S3Command<I extends Sdk.ServiceInputTypes, O extends Sdk.ServiceOutputTypes> = Sdk.$Command<
  I,
  O,
  Sdk.S3ClientResolvedConfig,
  Sdk.ServiceInputTypes,
  Sdk.ServiceOutputTypes
>;

/** What came of one attempt: the status of the answer, or none, or not even a connection. */
export type Attempt = number | 'unanswered' | 'unsent';

export interface Reply<O> {
  readonly output: O;
  /** The store's clock when it answered, in milliseconds; undefined where it told none. */
  readonly nowMs: number | undefined;
}

/** A call that failed, and what came of each attempt at it: the SDK repeats what may have been bad luck, and tells only the last. */
export class S3Failure extends Error {
  override readonly name = 'S3Failure';
  readonly attempts: readonly Attempt[];

  constructor(cause: unknown, attempts: readonly Attempt[]) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.attempts = attempts;
  }

  /** The S3 error code, or the name of the error. */
  get code(): string {
    return this.cause instanceof Error ? this.cause.name : '';
  }

  get status(): number | undefined {
    const last = this.attempts.at(-1);
    return typeof last === 'number' ? last : undefined;
  }
}

export interface SendOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called once, before anything is sent, with the host that the request is for; may change its headers. */
  readonly before?: (hostname: string, headers: Record<string, string>) => Promise<void>;
}

const SOCKET_SILENCE_MS = 10_000;
/** The SDK counts the wait for a free socket in. */
const CONNECT_MS = 5000;
/** Ten times as many as by default, lest files that are read slowly, or many locks at once, keep a renewal waiting. */
const SOCKETS = { maxSockets: 500 };

/** The SDK, loaded when it is first needed, and its client. Sends commands and keeps a record of every attempt. */
export class S3Client {
  readonly #terms: S3Terms;
  #ready: Promise<{ readonly sdk: SdkModule; readonly client: Sdk.S3Client }> | undefined;

  constructor(terms: S3Terms) {
    this.#terms = terms;
  }

  /** Rejects with `S3Failure`, or with what `before` threw. */
  async send<I extends Sdk.ServiceInputTypes, O extends Sdk.ServiceOutputTypes>(
    make: (sdk: SdkModule) => S3Command<I, O>,
    { signal, before }: SendOptions = {},
  ): Promise<Reply<O>> {
    const { sdk, client } = await (this.#ready ??= this.#load());
    signal?.throwIfAborted();
    const command = make(sdk);
    const log = keepLog(command);
    if (before) callBefore(command, before);
    try {
      const output = await client.send(command, signal ? { abortSignal: signal } : {});
      return { output, nowMs: log.nowMs };
    } catch (cause) {
      throw cause instanceof VfsError ? cause : new S3Failure(cause, log.attempts);
    }
  }

  /** Closes the connections of a client of our own. */
  async close(): Promise<void> {
    const ready = this.#ready;
    this.#ready = undefined;
    if (this.#terms.client === undefined) (await ready)?.client.destroy();
  }

  async #load(): Promise<{ readonly sdk: SdkModule; readonly client: Sdk.S3Client }> {
    try {
      const sdk = await import('@aws-sdk/client-s3');
      return {
        sdk,
        client: this.#terms.client ? (this.#terms.client as Sdk.S3Client) : new sdk.S3Client(ownConfig(this.#terms)),
      };
    } catch (cause) {
      this.#ready = undefined;
      const message = 's3: needs the package @aws-sdk/client-s3; install it with `npm install @aws-sdk/client-s3`';
      throw new VfsError('ERR_VFS_UNSUPPORTED', message, { cause });
    }
  }
}

/** Retries are the SDK's own (3 attempts, or `AWS_MAX_ATTEMPTS`): what they may hide is found in the log of attempts. */
function ownConfig({ endpoint, region, pathStyle }: S3Terms): Sdk.S3ClientConfig {
  const environments = process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION;
  const known = region ?? environments ?? (endpoint === undefined ? undefined : 'us-east-1');
  return {
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(known === undefined ? {} : { region: known }),
    forcePathStyle: pathStyle,
    // Other stores do not know the newer checksums, and nothing here needs them.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      ...{ connectionTimeout: CONNECT_MS, socketTimeout: SOCKET_SILENCE_MS },
      ...{ httpAgent: SOCKETS, httpsAgent: SOCKETS },
    },
  };
}

/** Stands below the SDK's retries, next to the network. */
function keepLog<I extends Sdk.ServiceInputTypes, O extends Sdk.ServiceOutputTypes>(command: S3Command<I, O>) {
  const log: { readonly attempts: Attempt[]; nowMs: number | undefined } = { attempts: [], nowMs: undefined };
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

/** Stands above the SDK's retries and its signature. */
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
