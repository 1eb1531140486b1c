import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';

import type { LockService } from './service.js';

/**
 * A listener for `node:http`, and a handler for Express, that answers with `service`. A client that goes away ends its request.
 *
 * @example
 * createServer(nodeListener(lockService({ location: 'inbox' }))).listen(8080, '127.0.0.1');
 * @example
 * express().use(nodeListener(lockService({ location: 'inbox', basePath: '/locks' })));
 */
export function nodeListener(service: LockService): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    answer(service, request, response).catch(() => {
      response.destroy();
    });
  };
}

async function answer(service: LockService, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) gone.abort();
  });
  const asked = requestOf(request, gone.signal);
  if (asked === undefined) {
    response.writeHead(400, { 'content-type': 'text/plain' }).end('bad request\n');
    return;
  }
  const { status, headers, body } = await service(asked);
  response.writeHead(status, Object.fromEntries(headers));
  if (body === null || request.method === 'HEAD') {
    await body?.cancel();
    response.end();
    return;
  }
  await send(body, response);
}

/** Undefined: there is no such URL, or the request cannot be represented. */
function requestOf(request: IncomingMessage, signal: AbortSignal): Request | undefined {
  const { method = 'GET', headers } = request;
  // Express cuts the path where it is mounted.
  const path = (request as { readonly originalUrl?: string }).originalUrl ?? request.url ?? '/';
  try {
    const url = new URL(`http://${headers.host ?? 'localhost'}${path.startsWith('/') ? path : '/'}`);
    const copied = Object.entries(headers).flatMap(([name, value]) =>
      value === undefined || name.startsWith(':') ? [] : [[name, String(value)] as [string, string]],
    );
    const hasBody = method !== 'GET' && method !== 'HEAD';
    const body = hasBody ? { body: Readable.toWeb(request) as ReadableStream, duplex: 'half' } : {};
    return new Request(url, { method, headers: copied, signal, ...body } as RequestInit);
  } catch {
    return undefined;
  }
}

/** A client that reads slowly slows the body down, and nothing piles up. */
async function send(body: ReadableStream<Uint8Array>, response: ServerResponse): Promise<void> {
  const reader = body.getReader();
  response.once('close', () => void reader.cancel().catch(() => undefined));
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (!response.write(value)) await drained(response);
    if (response.destroyed) return;
  }
  response.end();
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}
