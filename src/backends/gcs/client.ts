import type { Readable } from 'node:stream';

import type * as Sdk from '@google-cloud/storage';

import { untilAborted } from '../../util/abort.js';
import { VfsError } from '../../vfs/errors.js';
import { GcsFailure, type SdkResponse } from './errors.js';
import type { ResolvedGcsOptions } from './options.js';

export type Headers = Readonly<Record<string, string | undefined>>;
type Signal = AbortSignal | undefined;
type RequestOptions = Parameters<Sdk.Storage['request']>[0];

/** One request to the JSON API. */
export interface GcsRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** The path of the URL, with its variable parts escaped, or a whole URL that the store returned. */
  readonly at: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** The parts of a multipart body: the properties of an object, and its bytes. */
  readonly parts?: readonly [details: object, data: Readable];
  /** The SDK never sends it twice, so that the answer belongs to the only attempt. */
  readonly once?: boolean;
  /** Whether the store may need long for it. */
  readonly large?: boolean;
  /** Whether the answer has to come within the time limit although the SDK may send it again. */
  readonly quick?: boolean;
}

export interface GcsReply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** An answer whose body is a stream. */
export interface GcsStream {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readable;
}

/** How many times longer than a small request one may take that is large, or that the SDK may send again after pauses. */
const SLOW_FACTOR = 12;

/**
 * How often the SDK sends a request again, where that is safe. It waits 1 s and 2 s, and up to 1 s more each time, so that a
 * refused connection is reported as such before the time limit of a call (10 s by default). A third time would come too late.
 */
const RETRIES = 2;

/** Sends requests through the SDK, which is loaded when it is first needed, authorises them, and retries those that are not `once`. */
export class GcsClient {
  readonly #options: ResolvedGcsOptions;
  #client: Promise<Sdk.Storage> | undefined;

  constructor(options: ResolvedGcsOptions) {
    this.#options = options;
  }

  get timeoutMs(): number {
    return this.#options.timeoutMs;
  }

  /** Rejects with `GcsFailure`, or with the reason of the signal where nothing was sent. */
  async send(request: GcsRequest, signal?: Signal): Promise<GcsReply> {
    const client = await (this.#client ??= this.#load());
    signal?.throwIfAborted();
    const options = this.#optionsOf(request);
    const reply = new Promise<GcsReply>((resolve, reject) => {
      client.request(options, (error, body, response) => {
        const answer = response as SdkResponse | undefined;
        if (error) reject(new GcsFailure(error, answer));
        else resolve({ status: answer?.statusCode ?? 0, headers: answer?.headers ?? {}, body });
      });
    });
    const factor = (request.once && !request.large) || request.quick ? 1 : SLOW_FACTOR;
    return answerTo(reply, this.timeoutMs * factor, signal);
  }

  /** The same for an answer of any length. The caller has to read its body to the end, or destroy it. */
  async open(request: GcsRequest, signal?: Signal): Promise<GcsStream> {
    const client = await (this.#client ??= this.#load());
    signal?.throwIfAborted();
    const exchange = client.requestStream(this.#optionsOf(request)) as unknown as Readable;
    const opened = new Promise<GcsStream>((resolve, reject) => {
      exchange.on('error', (error) => reject(new GcsFailure(error)));
      exchange.once('response', (body: Readable & SdkResponse) => {
        resolve({ status: body.statusCode, headers: body.headers ?? {}, body });
      });
    });
    // The SDK passes the response on as it reads its own copy, which therefore has to be consumed too.
    exchange.resume();
    try {
      return await answerTo(opened, this.timeoutMs * SLOW_FACTOR, signal);
    } catch (error) {
      exchange.destroy();
      throw error;
    }
  }

  #optionsOf({ method, at, query = {}, headers, body, parts, once }: GcsRequest): RequestOptions {
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries({ ...query, userProject: this.#options.userProject })) {
      if (value !== undefined) parameters.set(name, value);
    }
    const url = at.startsWith('/') ? this.#options.endpoint + at : at;
    return {
      method,
      // Not passed as the query of the SDK, which replaces placeholders in it that keys may look like.
      uri: parameters.size === 0 ? url : `${url}${url.includes('?') ? '&' : '?'}${parameters.toString()}`,
      headers: { ...headers },
      ...(body ? { body } : {}),
      ...(parts ? { multipart: multipart(parts) } : {}),
      ...(once ? { maxRetries: 0 } : {}),
    };
  }

  async #load(): Promise<Sdk.Storage> {
    if (this.#options.client) return this.#options.client as Sdk.Storage;
    try {
      const { Storage } = await import('@google-cloud/storage');
      const { endpoint, isGoogle } = this.#options;
      return new Storage({ retryOptions: { maxRetries: RETRIES }, ...(isGoogle ? {} : { apiEndpoint: endpoint }) });
    } catch (cause) {
      this.#client = undefined;
      const message =
        'gcs: needs the package @google-cloud/storage; install it with `npm install @google-cloud/storage`';
      throw new VfsError('ERR_VFS_UNSUPPORTED', message, { cause });
    }
  }
}

function multipart([details, data]: readonly [object, Readable]) {
  return [
    { 'Content-Type': 'application/json', body: JSON.stringify(details) },
    { 'Content-Type': 'application/octet-stream', body: data },
  ];
}

/**
 * Ends the wait at an abort or the limit, not the request: the SDK cannot cancel it, and waits for ever for the rest of a
 * response that ends early. Its effect stays unknown.
 */
function answerTo<T>(request: Promise<T>, limitMs: number, signal: Signal): Promise<T> {
  return untilAborted(request, signal, { limitMs, errorOf: (reason) => new GcsFailure(reason) });
}
