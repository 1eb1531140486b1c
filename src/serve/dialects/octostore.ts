import { createHash } from 'node:crypto';

import { readBytes } from '../body.js';
import type { RequestContext } from '../context.js';
import { ServiceError } from '../errors.js';
import { DetachedLock } from '../../lock/detached.js';
import type { LockRecord } from '../../lock/model/record.js';
import { list } from '../../admin/list.js';
import { isOf, type Identity } from '../locks.js';
import { nameIn } from '../listing.js';
import { errorHeaders, json, text } from '../respond.js';
import { hashOf, newToken } from '../tokens.js';

const DEFAULT_TTL_S = 60;
const LONGEST_TTL_S = 3600;
const MOST_LISTED = 1000;

type Json = Readonly<Record<string, unknown>>;

/** The service that OctoStore's Python SDK expects, which refuses answers with members that it does not know. */
export async function octostore(context: RequestContext): Promise<Response> {
  const { request, path } = context;
  const { method } = request;
  if (path === '/health') return method === 'GET' ? text(200, 'OK') : refuse(405, 'Method not allowed', 'expected GET');
  if (path === '/auth/token/rotate') return await rotate(context);
  if (path === '/locks')
    return method === 'GET' ? await listOwn(context) : refuse(405, 'Method not allowed', 'expected GET');
  const [, , name = '', verb, ...more] = path.split('/');
  if (more.length > 0) return refuse(404, 'Not found', 'there is nothing here');
  if (!/^[A-Za-z0-9.-]{1,128}$/.test(name)) {
    return refuse(400, 'Invalid lock name', 'a name has 1 to 128 letters, digits, dots and hyphens');
  }
  if (verb === undefined && method === 'GET') return await status(context, name);
  if (method !== 'POST') return refuse(405, 'Method not allowed', 'expected POST, or GET of a lock');
  if (verb === 'acquire') return await acquire(context, name);
  if (verb === 'renew') return await renew(context, name);
  if (verb === 'release') return await release(context, name);
  return refuse(404, 'Not found', 'expected acquire, renew or release');
}

/** An error as OctoStore's clients understand it. */
export function octostoreError(error: ServiceError): Response {
  const { message } = error;
  const code = error.code === 'too_many_locks' ? 403 : error.status;
  const short: Readonly<Record<string, string>> = {
    unauthorized: 'Authentication failed',
    invalid_name: 'Invalid lock name',
    too_many_locks: 'Lock limit exceeded',
  };
  return json(code, { error: short[error.code] ?? message, details: message }, errorHeaders(error));
}

function refuse(code: number, error: string, details: string): Response {
  return json(code, { error, details });
}

/** Whose locks these are: the token's, as in the original. */
function identityOf({ principal }: RequestContext): Identity {
  return { dialect: 'octostore', client: principal.name, by: principal.name };
}

/** The id by which users are told apart: a UUID made of the token's name. */
function userId(name: string): string {
  const hex = createHash('sha256').update(`octostore user ${name}`).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `5${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}

async function bodyOf({ request, service }: RequestContext): Promise<Json> {
  const bytes = await readBytes(request, service.maxBodyBytes);
  let value: unknown;
  try {
    value = bytes.length === 0 ? {} : JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    value = undefined;
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  throw new ServiceError('bad_request', 'expected a JSON object as the body');
}

/** Undefined: it is no lifetime. */
function ttlOf({ ttl_seconds: seconds = DEFAULT_TTL_S }: Json): number | undefined {
  const isFit = Number.isSafeInteger(seconds) && (seconds as number) >= 1 && (seconds as number) <= LONGEST_TTL_S;
  return isFit ? (seconds as number) * 1000 : undefined;
}

const INVALID_TTL = ['Invalid TTL', `ttl_seconds must be a whole number from 1 to ${LONGEST_TTL_S}`] as const;

async function acquire(context: RequestContext, name: string): Promise<Response> {
  const { request, service, principal } = context;
  const ttl = ttlOf(await bodyOf(context));
  if (ttl === undefined) return refuse(400, ...INVALID_TTL);
  const identity = identityOf(context);
  const options = { ttl, ownerId: principal.name, fencing: true };
  const claimed = await service.locks.claim({ name, identity, options, waitMs: 0, signal: request.signal });
  service.metrics.claim('octostore', claimed.outcome);
  service.feed.poke();
  if (claimed.outcome === 'held') {
    const { record, expiresInMs } = claimed.contention;
    const holder = { holder_id: holderOf(record), expires_at: instant(expiresInMs) };
    return json(409, { error: 'Lock is held', details: 'somebody else holds the lock', status: 'held', ...holder });
  }
  const { record, remainingMs } = claimed.lease;
  const token = record.fencingToken === '' ? {} : { fencing_token: Number(record.fencingToken) };
  const lease = { lease_id: record.lockId, ...token, expires_at: instant(remainingMs) };
  return json(200, { status: 'acquired', ...lease, holder_id: userId(principal.name) });
}

async function renew(context: RequestContext, name: string): Promise<Response> {
  const { request, service } = context;
  const body = await bodyOf(context);
  const ttl = ttlOf(body);
  if (ttl === undefined) return refuse(400, ...INVALID_TTL);
  const lease = await service.locks.renew(name, ownLease(context, body), ttl, request.signal);
  if (lease === undefined) return await notHeld(context, name);
  return json(200, { lease_id: lease.record.lockId, expires_at: instant(lease.remainingMs) });
}

async function release(context: RequestContext, name: string): Promise<Response> {
  const { service } = context;
  const released = await service.locks.release(name, ownLease(context, await bodyOf(context)));
  service.feed.poke();
  return released === undefined ? await notHeld(context, name) : json(200, null);
}

function ownLease(context: RequestContext, { lease_id: id }: Json): (record: LockRecord) => boolean {
  const identity = identityOf(context);
  return (record) => record.lockId === id && isOf(record, identity);
}

async function notHeld({ request, service }: RequestContext, name: string): Promise<Response> {
  const { state } = await service.locks.inspect(name, { signal: request.signal });
  if (state === 'free' || state === 'released') return refuse(404, 'Lock not found', 'nobody holds the lock');
  return refuse(400, 'Invalid lease ID', 'the lock is held with another lease');
}

async function status({ request, service }: RequestContext, name: string): Promise<Response> {
  const found = await new DetachedLock(service.locks.fileOf(name)).observe({ signal: request.signal });
  const token = Number(found?.record?.fencingToken ?? 0);
  const isHeld = found !== undefined && (found.state === 'held' || found.state === 'foreign');
  const holder = isHeld ? { holder_id: holderOf(found.record), expires_at: instant(found.staleInMs) } : {};
  return json(200, { name, status: isHeld ? 'held' : 'free', fencing_token: token, ...holder });
}

/** The caller's own locks only. */
async function listOwn(context: RequestContext): Promise<Response> {
  const { request, service } = context;
  const identity = identityOf(context);
  const { folder } = service.locks;
  const locks: Json[] = [];
  for await (const { state, record, file, expiresInMs } of list(folder, { signal: request.signal })) {
    if (state !== 'held' || record === undefined || !isOf(record, identity) || locks.length === MOST_LISTED) continue;
    const lease = { lease_id: record.lockId, fencing_token: Number(record.fencingToken) };
    locks.push({ name: nameIn(folder, file.path), ...lease, expires_at: instant(expiresInMs) });
  }
  return json(200, { locks });
}

async function rotate({ request, service, principal }: RequestContext): Promise<Response> {
  if (request.method !== 'POST') return refuse(405, 'Method not allowed', 'expected POST');
  if (!principal.hasToken || service.tokens?.rotate === undefined) {
    return refuse(403, 'Token rotation is not available', 'whoever runs this service has to change the token');
  }
  const token = newToken();
  await service.tokens.rotate(principal.name, hashOf(token)).catch((cause: unknown) => {
    throw new ServiceError('internal', 'the token cannot be changed', { cause });
  });
  return json(200, { token, user_id: userId(principal.name), github_username: principal.name });
}

/** Also holders of other dialects and programs have an id here, as clients expect one. */
function holderOf(record: LockRecord | undefined): string {
  return userId(record?.ownerId ?? '');
}

function instant(inMs = 0): string {
  return new Date(Date.now() + Math.min(inMs, 10 * 365 * 86_400_000)).toISOString();
}
