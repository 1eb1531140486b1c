import { createHash } from 'node:crypto';

import { forceRelease } from '../../admin/force-release.js';
import type { DetachedLease } from '../../lock/detached.js';
import { LONGEST_OWNER } from '../../lock/model/options.js';
import { readJson } from '../body.js';
import type { RequestContext } from '../context.js';
import { ServiceError } from '../errors.js';
import { listLocks } from '../listing.js';
import { isOf, retryAfterMs, type Claimed, type Identity } from '../locks.js';
import { checkName, checkPrefix } from '../names.js';
import { json } from '../respond.js';
import { viewOf } from '../view.js';
import { Fields } from './fields.js';

const SHORTEST_TTL_MS = 100;
const LONGEST_TTL_MS = 86_400_000;
const DEFAULT_TTL_MS = 30_000;
const LONGEST_ID = 128;

type Action = (context: RequestContext, name: string) => Promise<Response>;

const ACTIONS: Readonly<Record<string, Action>> = { acquire, renew, release, 'force-release': endByForce };

/** Everything below `/v1/locks`. The name of a lock may contain slashes, since what is done with it comes last. */
export async function locksRoute(context: RequestContext): Promise<Response> {
  const { request, path } = context;
  if (path === '' || path === '/') return await listRoute(context);
  const rest = decoded(path.slice(1));
  if (request.method === 'GET') return await inspectRoute(context, checkName(rest));
  if (request.method !== 'POST') throw methodNotAllowed('GET, POST');
  const slash = rest.lastIndexOf('/');
  const verb = rest.slice(slash + 1);
  const action = slash > 0 && Object.hasOwn(ACTIONS, verb) ? ACTIONS[verb] : undefined;
  if (action === undefined) {
    throw new ServiceError('not_found', `expected a name and one of ${Object.keys(ACTIONS).join(', ')}`);
  }
  const response = await action(context, checkName(rest.slice(0, slash)));
  context.service.feed.poke();
  return response;
}

/** The text of a part of a URL. */
export function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new ServiceError('invalid_name', 'the URL is not percent-encoded UTF-8');
  }
}

export function methodNotAllowed(allow: string): ServiceError {
  return new ServiceError('method_not_allowed', `expected ${allow}`, { allow });
}

async function listRoute({ request, url, service }: RequestContext): Promise<Response> {
  if (request.method !== 'GET') throw methodNotAllowed('GET');
  const prefix = checkPrefix(url.searchParams.get('prefix') ?? '');
  const { signal } = request;
  return json(200, { locks: await listLocks(service.locks.folder, service.waits, { prefix, signal }) });
}

async function inspectRoute({ request, service }: RequestContext, name: string): Promise<Response> {
  const found = await service.locks.inspect(name, { signal: request.signal, waiters: true });
  return json(200, { lock: viewOf(name, found, service.waits.of(name)) });
}

async function acquire({ request, service, principal }: RequestContext, name: string): Promise<Response> {
  const members = ['client', 'ttlMs', 'waitMs', 'graceMs', 'owner', 'host', 'note', 'fencing'];
  const fields = new Fields(await readJson(request, service.maxBodyBytes), members);
  const note = fields.object('note');
  if (note && Object.hasOwn(note, 'http')) throw new ServiceError('bad_request', 'note must have no member http');
  const identity = identityOf(fields.requiredText('client', LONGEST_ID), principal.name);
  const claimed = await service.locks.claim({
    name,
    identity,
    options: {
      ttl: fields.count('ttlMs', SHORTEST_TTL_MS, LONGEST_TTL_MS) ?? DEFAULT_TTL_MS,
      grace: fields.count('graceMs', 0, LONGEST_TTL_MS) ?? 0,
      ownerId: fields.text('owner', LONGEST_OWNER) ?? principal.name,
      hostname: fields.text('host', LONGEST_OWNER),
      note,
      fencing: fields.flag('fencing') ?? false,
    },
    waitMs: Math.min(fields.count('waitMs', 0, LONGEST_TTL_MS) ?? 0, service.maxWaitMs),
    signal: request.signal,
  });
  service.metrics.claim('v1', claimed.outcome);
  return answerOf(name, claimed);
}

/** The client's own id is as good as a password for its lock, so the record has only a hash of it. */
function identityOf(client: string, by: string): Identity {
  return { dialect: 'v1', client: createHash('sha256').update(`${by}\0${client}`).digest('hex').slice(0, 32), by };
}

function answerOf(name: string, claimed: Claimed): Response {
  if (claimed.outcome === 'held') {
    const { record, ageMs, expiresInMs } = claimed.contention;
    const afterMs = retryAfterMs(claimed.contention);
    const holder = { owner: record?.ownerId ?? '', host: record?.hostname ?? '', id: record?.lockId ?? '' };
    const times = { ageMs: whole(ageMs), expiresInMs: whole(expiresInMs) };
    const extra = { holder: { ...holder, ...times } };
    throw new ServiceError('held', 'somebody else holds the lock', { retryAfterMs: afterMs, extra });
  }
  const reclaimed = claimed.outcome === 'acquired' ? claimed.reclaimed : undefined;
  const from = reclaimed && { owner: reclaimed.ownerId ?? '', reason: reclaimed.reason };
  return json(200, { name, outcome: claimed.outcome, reclaimedFrom: from ?? null, ...leaseOf(claimed.lease) });
}

function leaseOf({ record, remainingMs }: DetachedLease): Readonly<Record<string, unknown>> {
  return {
    id: record.lockId,
    ttlMs: record.leaseMs,
    expiresInMs: Math.max(0, Math.round(remainingMs)),
    expiresAt: new Date(Date.now() + remainingMs).toISOString(),
    renewAfterMs: Math.round(record.leaseMs / 3),
    fencingToken: record.fencingToken === '' ? null : record.fencingToken,
  };
}

function whole(ms: number | undefined): number | null {
  return ms === undefined || !Number.isFinite(ms) ? null : Math.round(ms);
}

async function renew({ request, service, principal }: RequestContext, name: string): Promise<Response> {
  const fields = new Fields(await readJson(request, service.maxBodyBytes), ['client', 'id', 'ttlMs']);
  const identity = identityOf(fields.requiredText('client', LONGEST_ID), principal.name);
  const id = fields.requiredText('id', LONGEST_ID);
  const ttlMs = fields.count('ttlMs', SHORTEST_TTL_MS, LONGEST_TTL_MS);
  const isOurs = ownLock(identity, id);
  const lease = await service.locks.renew(name, isOurs, ttlMs, request.signal);
  if (lease) return json(200, { name, outcome: 'renewed', reclaimedFrom: null, ...leaseOf(lease) });
  throw new ServiceError('not_held', 'the lock is not held by this client with this id: it is lost');
}

async function release({ request, service, principal }: RequestContext, name: string): Promise<Response> {
  const fields = new Fields(await readJson(request, service.maxBodyBytes), ['client', 'id']);
  const identity = identityOf(fields.requiredText('client', LONGEST_ID), principal.name);
  const id = fields.requiredText('id', LONGEST_ID);
  return json(200, { name, released: (await service.locks.release(name, ownLock(identity, id))) !== undefined });
}

function ownLock(identity: Identity, id: string): (record: Parameters<typeof isOf>[0] & { lockId: string }) => boolean {
  return (record) => record.lockId === id && isOf(record, identity);
}

async function endByForce({ request, service, principal }: RequestContext, name: string): Promise<Response> {
  const fields = new Fields(await readJson(request, service.maxBodyBytes), ['id', 'reason']);
  requireToken(principal.hasToken);
  const expect = fields.requiredText('id', LONGEST_ID);
  const reason = fields.requiredText('reason', LONGEST_OWNER);
  const by = `${principal.name} over HTTP`;
  const file = service.locks.fileOf(name);
  if (await forceRelease(file, { expect, reason, by, signal: request.signal })) return json(200, { name, ended: true });
  throw new ServiceError('changed', 'the lock has another id by now, or is gone');
}

/** Anybody may release a lock of its own; to end those of others, it has to be known who does it. */
export function requireToken(hasToken: boolean): void {
  if (!hasToken) throw new ServiceError('forbidden', 'locks of others are ended with a write token only');
}
