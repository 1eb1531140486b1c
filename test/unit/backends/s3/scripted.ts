import { Readable } from 'node:stream';

import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';

/** A request as it would go over the wire. */
export interface Sent {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

/** What a store answers, or how the connection fails. */
export type Answer =
  Error | { readonly status: number; readonly headers?: object; readonly body?: string | Uint8Array | Readable };

/** A client of Amazon's that reaches nobody: each request is answered as told, and kept. */
export class Scripted {
  readonly seen: Sent[] = [];
  readonly client: S3Client;
  closed = false;

  /** The answer `undefined` never comes; a promised one comes whether or not anybody still waits. */
  constructor(
    answer: (sent: Sent, number: number) => Answer | Promise<Answer> | undefined,
    config: S3ClientConfig = {},
  ) {
    const handle = async (
      sent: Sent,
      { abortSignal }: { readonly abortSignal?: AbortSignal } = {},
    ): Promise<object> => {
      const told = await answer(sent, this.seen.push(sent));
      if (told === undefined) return untilAborted(abortSignal);
      if (told instanceof Error) throw told;
      const date = new Date().toUTCString();
      const all: Readonly<Record<string, unknown>> = { date, 'last-modified': date, etag: '"e"', ...told.headers };
      // A header that is told as undefined is missing.
      const headers = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
      const body = told.body instanceof Readable ? told.body : Readable.from([Buffer.from(told.body ?? '')]);
      return { response: { statusCode: told.status, headers, body } };
    };
    const requestHandler = { handle, destroy: () => (this.closed = true) };
    const credentials = { accessKeyId: 'tester', secretAccessKey: 'tester-secret' };
    const settings = { region: 'us-east-1', credentials, requestHandler, ...config };
    this.client = new S3Client(settings);
  }

  /** The requests since the last call; the count starts again from zero. */
  taken(): readonly string[] {
    return this.seen.splice(0).map(({ method }) => method);
  }
}

function untilAborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    const abort = (): void => reject(Object.assign(new Error('Request aborted'), { name: 'AbortError' }));
    if (signal?.aborted) abort();
    else signal?.addEventListener('abort', abort);
  });
}

/** The error as S3 words it. */
export function refusal(status: number, code: string): Answer {
  return { status, body: `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code} it is</Message></Error>` };
}

/** A connection that failed in the way of a code of Node's. */
export function failure(code: string): Error {
  return Object.assign(new Error(`connect ${code}`), { code });
}
