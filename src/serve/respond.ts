import type { ServiceError } from './errors.js';

/** Nothing that this service answers may be kept, guessed at, or shown in a page of somebody else. */
const HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
};

export type Headers = Readonly<Record<string, string>>;

export function respond(status: number, body: string | ReadableStream | null, headers: Headers): Response {
  return new Response(body, { status, headers: { ...HEADERS, ...headers } });
}

export function json(status: number, body: unknown, headers: Headers = {}): Response {
  return respond(status, `${JSON.stringify(body)}\n`, { 'content-type': 'application/json', ...headers });
}

export function text(status: number, body: string, headers: Headers = {}): Response {
  return respond(status, body, { 'content-type': 'text/plain; charset=utf-8', ...headers });
}

/** An error in the service's own dialect. */
export function errorResponse(error: ServiceError): Response {
  const { code, message, status, details } = error;
  const { retryAfterMs, extra } = details;
  const body = { error: { code, message, ...(retryAfterMs !== undefined && { retryAfterMs }) }, ...extra };
  return json(status, body, errorHeaders(error));
}

/** The headers that belong to an error in every dialect. */
export function errorHeaders({ code, details: { retryAfterMs, allow } }: ServiceError): Headers {
  return {
    ...(retryAfterMs !== undefined && { 'retry-after': String(Math.max(1, Math.ceil(retryAfterMs / 1000))) }),
    ...(allow !== undefined && { allow }),
    ...(code === 'unauthorized' && { 'www-authenticate': 'Basic realm="vfs-lockfile", charset="UTF-8"' }),
  };
}
