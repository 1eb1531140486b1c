import type { Vfs } from '../../../src/index.js';
import type { Fault } from '../../support/http-proxy.js';

/** A kind of server with buckets, and what the suites of this folder have to know of its requests and answers. */
export interface BucketStore {
  readonly name: string;
  /** What is missing to try it. */
  readonly lacking: string | undefined;
  /** Whether locks are released by a removal, as far as a suite tries only one way. */
  readonly native: boolean;
  /** Whether a key can have two slashes in a row. */
  readonly slashes: boolean;
  /** The ways of releasing that its requests are counted for. */
  readonly ways: readonly ConditionalDelete[];
  readonly wire: Wire;
  readonly start: () => Promise<BucketServer>;
}

export type ConditionalDelete = 'native' | 'none';

/** A status and the code or reason that goes with it. */
export type Refusal = readonly [status: number, code: string];

/** How a store says what over HTTP. */
export interface Wire {
  /** The method of a conditional write. */
  readonly write: 'PUT' | 'POST';
  /** A read that found something, as the proxy counts it. */
  readonly found: string;
  /** The store answers so and does nothing. */
  readonly answer: (...refusal: Refusal) => Fault;
  /** The store answers so, after it did what was asked. */
  readonly answerAfter: (...refusal: Refusal) => Fault;
  /** Answers that tell of no success, which can come although there was one. */
  readonly misleading: readonly Refusal[];
  /** Answers of a store that did nothing, and would if it was asked again. */
  readonly passing: readonly Refusal[];
  readonly conditionFailed: Refusal;
  readonly unavailable: Refusal;
  /** How the message of an error shows that. */
  readonly unavailableInWords: string;
  readonly credentialsExpired: Refusal;
  readonly noBucket: Refusal;
}

/** A server that runs, and a bucket of it that nobody else uses. */
export interface BucketServer {
  readonly endpoint: string;
  readonly bucket: string;
  /** One more client of the bucket, by way of a proxy if there is an `endpoint`. */
  readonly open: (options: OpenOptions) => Vfs;
  /** What a process needs in its environment to reach the server. */
  readonly env: Readonly<Record<string, string>>;
  /** Makes an object whatever its key. */
  readonly putKey: (key: string) => Promise<unknown>;
  readonly dispose: () => Promise<void>;
}

export interface OpenOptions {
  readonly endpoint?: string;
  readonly prefix?: string;
  readonly conditionalDelete?: ConditionalDelete;
  readonly timeout?: string;
}

/** The title of tests that need the store, which says what is missing. */
export function titled(what: string, { name, lacking }: Pick<BucketStore, 'name' | 'lacking'>): string {
  return `${what}${name}${lacking ? `: ${lacking}` : ''}`;
}
