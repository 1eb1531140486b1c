import { createHash } from 'node:crypto';

import { readBytes } from '../body.js';
import type { RequestContext } from '../context.js';
import type { ServiceError } from '../errors.js';
import type { Identity } from '../locks.js';
import { errorHeaders, text } from '../respond.js';

/**
 * How long the answer "held" is kept back, in milliseconds. Some clients ask again without any pause, and all give up after 2 s.
 */
const HOLD_MS = 1200;
const LONGEST_LIFETIME_S = 65_535;
const LONGEST_ID = 128;
/** An id of more bytes is stored as its hash, so that it fits in a record. */
const LONGEST_CLIENT = 64;

/** The service that `justalock` clients expect: one request that takes or renews a lock for `s` seconds. */
export async function justalock({ request, url, path, service, principal }: RequestContext): Promise<Response> {
  if (request.method !== 'POST') return text(405, 'expected POST\n', { allow: 'POST' });
  const name = path.slice(1);
  if (!/^[\w-]+$/.test(name) || name.length > LONGEST_ID) return text(400, 'Invalid lock ID\n');
  const lifetime = url.searchParams.get('s') ?? '60';
  const seconds = /^\d{1,5}$/.test(lifetime) ? Number(lifetime) : 0;
  if (seconds < 1 || seconds > LONGEST_LIFETIME_S) {
    return text(400, `Invalid lifetime: s must be 1 to ${LONGEST_LIFETIME_S} seconds\n`);
  }
  const client = clientOf(await readBytes(request, service.maxBodyBytes));
  const identity: Identity = { dialect: 'justalock', client, by: principal.name };
  const options = { ttl: seconds * 1000, ownerId: client };
  const claimed = await service.locks.claim({ name, identity, options, waitMs: HOLD_MS, signal: request.signal });
  service.metrics.claim('justalock', claimed.outcome);
  service.feed.poke();
  return claimed.outcome === 'held' ? text(409, '') : text(200, '');
}

/** An error as a `justalock` client shows it. */
export function justalockError(error: ServiceError): Response {
  return text(error.status, `${error.message}\n`, errorHeaders(error));
}

function clientOf(bytes: Uint8Array): string {
  if (bytes.length <= LONGEST_CLIENT) return `b-${Buffer.from(bytes).toString('base64url')}`;
  return `h-${createHash('sha256').update(bytes).digest('base64url')}`;
}
