import type { Handler, RequestContext } from './context.js';
import { foolock } from './dialects/foolock.js';
import { justalock } from './dialects/justalock.js';
import { octostore } from './dialects/octostore.js';
import { ServiceError } from './errors.js';
import { listLocks } from './listing.js';
import { OPENAPI } from './openapi.js';
import { pageRoute, assetRoute } from './page/page.js';
import { json, text } from './respond.js';
import { eventsRoute } from './v1/events.js';
import { historyRoute } from './v1/history.js';
import { locksRoute, methodNotAllowed } from './v1/locks.js';
import { sweepRoute } from './v1/sweep.js';

/** In which language an answer is, errors included. */
export type Dialect = 'v1' | 'foolock' | 'octostore' | 'justalock' | 'page';

/** What answers a request, and who may make it. */
export interface Route {
  readonly dialect: Dialect;
  readonly handler: Handler;
  /** `'nobody'`: it shows nothing of the locks. */
  readonly needs: 'nobody' | 'read' | 'write';
  readonly path: string;
}

const PLAIN: Readonly<Record<string, Omit<Route, 'path'>>> = {
  '/': { dialect: 'page', handler: pageRoute, needs: 'read' },
  '/healthz': { dialect: 'v1', handler: healthRoute, needs: 'nobody' },
  '/metrics': { dialect: 'v1', handler: metricsRoute, needs: 'read' },
  '/openapi.json': { dialect: 'v1', handler: openapiRoute, needs: 'nobody' },
};

/** What answers a request to a path below the base path. */
export function routeOf(path: string, method: string): Route {
  const plain = Object.hasOwn(PLAIN, path) ? PLAIN[path] : undefined;
  if (plain) return { ...plain, path };
  const needs = method === 'GET' || method === 'HEAD' ? 'read' : 'write';
  const below = (root: string): string | undefined =>
    path === root || path.startsWith(`${root}/`) ? path.slice(root.length) : undefined;
  const locks = below('/v1/locks');
  if (locks !== undefined) return { dialect: 'v1', handler: locksRoute, needs, path: locks };
  const history = below('/v1/history');
  if (history !== undefined) return { dialect: 'v1', handler: historyRoute, needs, path: history };
  if (path === '/v1/sweep') return { dialect: 'v1', handler: sweepRoute, needs, path };
  if (path === '/v1/events') return { dialect: 'v1', handler: eventsRoute, needs, path };
  const asset = below('/assets');
  if (asset !== undefined) return { dialect: 'page', handler: assetRoute, needs: 'nobody', path: asset };
  return dialectRoute(path, needs, below) ?? { dialect: 'v1', handler: nothing, needs: 'nobody', path };
}

function dialectRoute(
  path: string,
  needs: Route['needs'],
  below: (root: string) => string | undefined,
): Route | undefined {
  if (path === '/lock') return { dialect: 'foolock', handler: foolock, needs, path };
  if (path === '/health') return { dialect: 'octostore', handler: octostore, needs: 'nobody', path };
  if (path === '/auth/token/rotate') return { dialect: 'octostore', handler: octostore, needs, path };
  if (below('/locks') !== undefined) return { dialect: 'octostore', handler: octostore, needs, path };
  const id = below('/justalock') ?? (/^\/[\w-]{22}$/.test(path) ? path : undefined);
  // Whatever the method, the protocol knows only of acquiring.
  return id === undefined ? undefined : { dialect: 'justalock', handler: justalock, needs: 'write', path: id };
}

/** Answers only when the store does. */
async function healthRoute({ request, service }: RequestContext): Promise<Response> {
  if (request.method !== 'GET') throw methodNotAllowed('GET');
  await service.locks.inspect('healthz', { signal: request.signal });
  return json(200, { status: 'ok' });
}

async function metricsRoute({ request, service }: RequestContext): Promise<Response> {
  if (request.method !== 'GET') throw methodNotAllowed('GET');
  const states = new Map<string, number>();
  for (const { state } of await listLocks(service.locks.folder, service.waits, { signal: request.signal })) {
    states.set(state, (states.get(state) ?? 0) + 1);
  }
  const { metrics, waits } = service;
  return text(200, metrics.text(waits.count, states), { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
}

function openapiRoute({ request }: RequestContext): Response {
  if (request.method !== 'GET') throw methodNotAllowed('GET');
  return json(200, OPENAPI);
}

function nothing(): Response {
  throw new ServiceError('not_found', 'there is nothing here');
}
