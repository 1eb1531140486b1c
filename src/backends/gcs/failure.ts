import { neverSent } from '../shared/bucket/never-sent.js';

/** The part of an answer that the SDK's callbacks hand over. */
export interface Heard {
  readonly statusCode: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request that failed, and whether the store answered it. */
export class GcsFailure extends Error {
  override readonly name = 'GcsFailure';
  /** The status of the answer; undefined: none came whole. */
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** False: the request cannot have got through. */
  readonly sent: boolean;

  constructor(cause: unknown, heard: Heard | undefined) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    const refused = heard !== undefined && (heard.statusCode < 200 || heard.statusCode > 299);
    this.status = refused ? heard.statusCode : undefined;
    this.headers = heard?.headers ?? {};
    this.sent = !neverLeft(cause);
  }

  /** Whether the request may have changed something without our learning of it. */
  get open(): boolean {
    if (this.status === undefined) return this.sent;
    return this.status === 408 || (this.status >= 500 && this.status !== 501);
  }
}

function neverLeft(error: unknown): boolean {
  const { message } = (error ?? {}) as { readonly message?: unknown };
  return NO_CREDENTIALS.test(String(message)) || neverSent(error);
}

/** What the SDK says when it found nothing to sign a request with, or could not get it renewed. */
export const NO_CREDENTIALS = /default credentials|invalid_grant|invalid_rapt|refresh access token/i;
