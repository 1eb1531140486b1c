import type { LockObservation } from '../../lock/model/staleness.js';
import { DetachedLock } from '../../lock/detached.js';
import { LONGEST_OWNER } from '../../lock/model/options.js';
import type { RequestContext } from '../context.js';
import type { ServiceError } from '../errors.js';
import { isOf, type Identity } from '../locks.js';
import { errorHeaders, json, text } from '../respond.js';
import { goDurationMs } from './go-duration.js';

/** For so long after the lease only the holder may take the lock again. */
const GRACE_MS = 5000;
const DEFAULT_TTL_MS = 30_000;
const SHORTEST_TTL_MS = 100;
const LONGEST_TTL_MS = 365 * 86_400_000;

interface Parameters {
  readonly client: string;
  readonly job: string;
  readonly ttl: string;
}

/** The service that `foolock` clients expect: everything is in the query, and each answer is one JSON object. */
export async function foolock(context: RequestContext): Promise<Response> {
  const { request, url } = context;
  const parameters = parametersOf(url.search.slice(1));
  switch (request.method) {
    case 'POST':
      return await acquire(context, parameters);
    case 'DELETE':
      return await release(context, parameters);
    case 'GET':
      return await status(context, parameters.job);
    default:
      return text(405, 'Method not allowed\n', { allow: 'GET, POST, DELETE' });
  }
}

/** An error as a `foolock` client understands it. */
export function foolockError(error: ServiceError): Response {
  const message = error.code === 'invalid_name' ? 'invalid job name' : error.message;
  return json(error.status, { error: message }, errorHeaders(error));
}

/** Go drops a pair that it cannot parse. Of a repeated parameter the first counts, and an empty one counts as absent. */
function parametersOf(query: string): Parameters {
  const found = new Map<string, string>();
  for (const pair of query.split('&')) {
    if (pair.includes(';')) continue;
    const [name = '', ...value] = pair.split('=');
    try {
      const decode = (part: string): string => decodeURIComponent(part.replaceAll('+', ' '));
      const key = decode(name);
      const content = decode(value.join('='));
      if (!found.has(key)) found.set(key, content);
    } catch {
      continue;
    }
  }
  const get = (name: string): string => found.get(name) ?? '';
  return { client: get('client'), job: get('job') || 'default', ttl: get('ttl') };
}

async function acquire({ request, service, principal }: RequestContext, parameters: Parameters): Promise<Response> {
  const { client, job, ttl } = parameters;
  const problem = clientProblem(client);
  if (problem) return problem;
  const ttlMs = ttl === '' ? DEFAULT_TTL_MS : goDurationMs(ttl);
  if (ttlMs === undefined || !(ttlMs > 0) || ttlMs > LONGEST_TTL_MS) return json(400, { error: 'invalid ttl format' });
  const identity: Identity = { dialect: 'foolock', client, by: principal.name };
  const options = { ttl: Math.max(Math.round(ttlMs), SHORTEST_TTL_MS), grace: GRACE_MS, ownerId: client };
  const claimed = await service.locks.claim({ name: job, identity, options, waitMs: 0, signal: request.signal });
  service.metrics.claim('foolock', claimed.outcome);
  service.feed.poke();
  if (claimed.outcome === 'held') {
    const { record, expiresInMs = 0 } = claimed.contention;
    const leaseInMs = expiresInMs - (record?.graceMs ?? 0);
    if (leaseInMs < 0) return json(409, { error: 'grace period active' });
    const holder = record?.ownerId ?? '';
    return json(409, { success: false, job, holder, message: 'held by another client', ...expiry(leaseInMs) });
  }
  const from = claimed.outcome === 'acquired' ? claimed.reclaimed : undefined;
  const isOwn = claimed.outcome === 'renewed' || (from !== undefined && isOf({ note: from.note }, identity));
  const message = isOwn ? 'renewed' : from === undefined ? 'acquired' : `acquired from ${from.ownerId ?? ''}`;
  return json(200, { success: true, job, holder: client, message, ...expiry(claimed.lease.remainingMs) });
}

async function release({ service, principal }: RequestContext, { client, job }: Parameters): Promise<Response> {
  const problem = clientProblem(client);
  if (problem) return problem;
  const identity: Identity = { dialect: 'foolock', client, by: principal.name };
  const released = await service.locks.release(job, (record) => isOf(record, identity));
  service.feed.poke();
  if (released === undefined) return json(403, { error: 'client does not hold the lock' });
  return json(200, { success: true, job, holder: '', message: 'lock released' });
}

async function status({ request, service }: RequestContext, job: string): Promise<Response> {
  const lock = new DetachedLock(service.locks.fileOf(job));
  const found = await lock.observe({ signal: request.signal });
  if (found === undefined || found.state === 'free') {
    return json(200, { success: true, job, holder: '', message: 'no lock held', is_expired: true });
  }
  const holder = found.record?.ownerId ?? '';
  return json(200, { success: true, job, holder, message: 'lock held', ...leaseOf(found) });
}

/** The lease as it ends for its holder. That of a lock without a record is unknown. */
function leaseOf({ record, idleMs, staleInMs }: LockObservation): Readonly<Record<string, unknown>> {
  if (record === undefined) return staleInMs > 0 ? expiry(staleInMs) : { ...expiry(staleInMs), is_expired: true };
  if (record.leaseMs === Infinity) return {};
  const leftMs = record.leaseMs - idleMs;
  if (leftMs > 0) return expiry(leftMs);
  const graceInMs = leftMs + record.graceMs;
  return { ...expiry(leftMs), is_expired: true, ...(graceInMs > 0 && { grace_until: instant(graceInMs) }) };
}

/** A missing client, or one that no record can name. */
function clientProblem(client: string): Response | undefined {
  if (client === '') return json(400, { error: 'client parameter required' });
  return client.length > LONGEST_OWNER ? json(400, { error: 'client parameter too long' }) : undefined;
}

function expiry(inMs: number): Readonly<Record<string, string>> {
  return Number.isFinite(inMs) ? { expires_at: instant(inMs) } : {};
}

/** RFC 3339 with whole seconds. */
function instant(inMs: number): string {
  return new Date(Date.now() + inMs).toISOString().replace(/\.\d+Z$/, 'Z');
}
