import type { Readable } from 'node:stream';

import type * as Sdk from '@google-cloud/storage';

import { untilAborted } from '../../util/abort.js';
import { VfsError } from '../../vfs/errors.js';
import { GcsFailure, type Heard } from './failure.js';
import type { GcsTerms } from './options.js';

export type Headers = Readonly<Record<string, string | undefined>>;
type Signal = AbortSignal | undefined;
type RequestOptions = Parameters<Sdk.Storage['request']>[0];

/** One request to the JSON API. */
export interface GcsRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** The path of the URL, with its variable parts escaped, or a whole URL that the store has told. */
  readonly at: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** Parts of a multipart body: what is said of an object, and its bytes. */
  readonly parts?: readonly [about: object, data: Readable];
  /** Never sent twice by the SDK, so that its answer is that of the only attempt. */
  readonly once?: boolean;
  /** Whether the store may take its time over it. */
  readonly large?: boolean;
}

export interface GcsReply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** An answer whose body comes piece by piece. */
export interface GcsStream {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readable;
}

/** How many times as long as the answer to a small request others may take, which the SDK may also repeat after pauses. */
const PATIENCE = 12;

/** The SDK, loaded when it is first needed. Its client authorises and sends requests, and repeats those that are not `once`. */
export class GcsClient {
  readonly #terms: GcsTerms;
  #client: Promise<Sdk.Storage> | undefined;

  constructor(terms: GcsTerms) {
    this.#terms = terms;
  }

  get timeoutMs(): number {
    return this.#terms.timeoutMs;
  }

  /** Rejects with `GcsFailure`, or with the reason of the signal when nothing was sent. */
  async send(request: GcsRequest, signal?: Signal): Promise<GcsReply> {
    const client = await (this.#client ??= this.#load());
    signal?.throwIfAborted();
    const options = this.#optionsOf(request);
    const reply = new Promise<GcsReply>((resolve, reject) => {
      client.request(options, (error, body, response) => {
        const heard = response as Heard | undefined;
        if (error) reject(new GcsFailure(error, heard));
        else resolve({ status: heard?.statusCode ?? 0, headers: heard?.headers ?? {}, body });
      });
    });
    const patience = request.once && !request.large ? 1 : PATIENCE;
    return answerTo(reply, this.timeoutMs * patience, signal);
  }

  /** The same for an answer of any length. Its body has to be read to the end or destroyed. */
  async open(request: GcsRequest, signal?: Signal): Promise<GcsStream> {
    const client = await (this.#client ??= this.#load());
    signal?.throwIfAborted();
    const exchange = client.requestStream(this.#optionsOf(request)) as unknown as Readable;
    const opened = new Promise<GcsStream>((resolve, reject) => {
      exchange.on('error', (error) => reject(new GcsFailure(error, undefined)));
      exchange.once('response', (body: Readable & Heard) => {
        resolve({ status: body.statusCode, headers: body.headers ?? {}, body });
      });
    });
    // The SDK hands over what it hears itself, and goes on hearing it only while its own copy is taken too.
    exchange.resume();
    try {
      return await answerTo(opened, this.timeoutMs * PATIENCE, signal);
    } catch (error) {
      exchange.destroy();
      throw error;
    }
  }

  #optionsOf({ method, at, query = {}, headers, body, parts, once }: GcsRequest): RequestOptions {
    const known = new URLSearchParams();
    for (const [name, value] of Object.entries({ ...query, userProject: this.#terms.userProject })) {
      if (value !== undefined) known.set(name, value);
    }
    const url = at.startsWith('/') ? this.#terms.endpoint + at : at;
    const options = {
      method,
      // The SDK would fill placeholders into a query of its own making, and keys may look like them.
      uri: known.size === 0 ? url : `${url}${url.includes('?') ? '&' : '?'}${known.toString()}`,
      headers: { ...headers },
      ...(body ? { body } : {}),
      ...(parts ? { multipart: multipart(parts) } : {}),
      ...(once ? { maxRetries: 0 } : {}),
    };
    return options;
  }

  async #load(): Promise<Sdk.Storage> {
    if (this.#terms.client) return this.#terms.client as Sdk.Storage;
    try {
      const { Storage } = await import('@google-cloud/storage');
      const { endpoint, isGoogle } = this.#terms;
      return new Storage(isGoogle ? {} : { apiEndpoint: endpoint });
    } catch (cause) {
      this.#client = undefined;
      const message =
        'gcs: needs the package @google-cloud/storage; install it with `npm install @google-cloud/storage`';
      throw new VfsError('ERR_VFS_UNSUPPORTED', message, { cause });
    }
  }
}

function multipart([about, data]: readonly [object, Readable]) {
  return [
    { 'Content-Type': 'application/json', body: JSON.stringify(about) },
    { 'Content-Type': 'application/octet-stream', body: data },
  ];
}

/**
 * The SDK cannot stop a request that it has sent, and waits for ever when an answer breaks off. After an abort or the limit
 * the request is therefore left alone, and its effect stays unknown.
 */
function answerTo<T>(request: Promise<T>, limitMs: number, signal: Signal): Promise<T> {
  return untilAborted(request, signal, { limitMs, errorOf: (reason) => new GcsFailure(reason, undefined) });
}
