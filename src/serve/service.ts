import { performance } from 'node:perf_hooks';
import { openFolder } from '../open.js';
import type { RequestContext, Service } from './context.js';
import { foolockError } from './dialects/foolock.js';
import { justalockError } from './dialects/justalock.js';
import { octostoreError } from './dialects/octostore.js';
import { AFTER_FAILURE_MS, ServiceError, serviceErrorOf } from './errors.js';
import { Feed } from './feed.js';
import { LockCounts, Rate, Waits } from './limits.js';
import { listLocks } from './listing.js';
import { ServiceLocks } from './locks.js';
import { Metrics } from './metrics.js';
import { resolveServiceOptions, type LockServiceOptions, type ResolvedServiceOptions } from './options.js';
import { checkOrigin } from './origin.js';
import { errorHeaders, errorResponse, text } from './respond.js';
import { routeOf, type Dialect, type Route } from './router.js';
import { ANYBODY, authenticate, readTokens, type Principal } from './tokens.js';

/** Answers requests for locks. */
export type LockService = (request: Request) => Promise<Response>;

/**
 * A lock service for programs without this library. The locks are the lock files of `location`, so clients of the service exclude
 * every other program that locks there. All state is in the store: the service may be restarted at any time, and any number of
 * instances may serve one location. It never rejects.
 *
 * @throws {LockOptionError} `ERR_LOCK_OPTION`: an option is unusable.
 * @example
 * import { createServer } from 'node:http';
 * import { lockService, nodeListener } from 'vfs-lockfile/serve';
 * const service = lockService({ location: 'inbox' });
 * createServer(nodeListener(service)).listen(8080, '127.0.0.1');
 */
export function lockService(options: LockServiceOptions): LockService {
  const server = new Server(resolveServiceOptions(options));
  return (request) => server.handle(request);
}

const ERRORS: Readonly<Record<Dialect, (error: ServiceError) => Response>> = {
  v1: errorResponse,
  foolock: foolockError,
  octostore: octostoreError,
  justalock: justalockError,
  page: (error) => text(error.status, `${error.message}\n`, errorHeaders(error)),
};

class Server {
  readonly #options: ResolvedServiceOptions;
  readonly #metrics = new Metrics();
  readonly #waits: Waits;
  readonly #rate: Rate;
  #opening: Promise<Service> | undefined;

  constructor(options: ResolvedServiceOptions) {
    this.#options = options;
    this.#waits = new Waits(options.maxWaits);
    this.#rate = new Rate(options.maxRate);
  }

  async handle(request: Request): Promise<Response> {
    const startedMs = performance.now();
    const url = new URL(request.url);
    const route = this.#route(url.pathname, request.method);
    const response = await this.#answer(request, url, route);
    this.#metrics.request(route.dialect, response.status, performance.now() - startedMs);
    return response;
  }

  #route(pathname: string, method: string): Route {
    const { basePath } = this.#options;
    const isBelow = pathname === basePath || pathname.startsWith(`${basePath}/`);
    return routeOf(isBelow ? pathname.slice(basePath.length) || '/' : '//', method);
  }

  async #answer(request: Request, url: URL, { dialect, handler, needs, path }: Route): Promise<Response> {
    const { tokens, hosts, basePath } = this.#options;
    try {
      checkOrigin(request, url, tokens === undefined ? hosts : undefined);
      const principal = await this.#admit(request, needs);
      const service = await this.#open();
      const context: RequestContext = { request, url, path, basePath, principal, service };
      return await handler(context);
    } catch (thrown) {
      const error = answerTo(thrown, request.signal);
      if (error.isFailure) this.#options.onError(error.cause ?? error);
      if (error.code === 'store_failed') this.#metrics.storeFailure();
      return ERRORS[dialect](error);
    }
  }

  async #admit(request: Request, needs: Route['needs']): Promise<Principal> {
    const { tokens } = this.#options;
    if (needs === 'nobody' || tokens === undefined) {
      this.#rate.take('');
      return ANYBODY;
    }
    let principal: Principal;
    try {
      principal = authenticate(request, await readTokens(tokens));
    } catch (error) {
      this.#rate.take('');
      throw error;
    }
    this.#rate.take(`token ${principal.name}`);
    if (needs === 'read' || principal.canWrite) return principal;
    throw new ServiceError('forbidden', 'this token may only read');
  }

  #open(): Promise<Service> {
    this.#opening ??= this.#openOnce().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async #openOnce(): Promise<Service> {
    const { location, tokens, maxBodyBytes, maxWaitMs, maxLocks } = this.#options;
    const folder = await openFolder(location).catch(unopened);
    const waits = this.#waits;
    const locks = new ServiceLocks(folder, waits, new LockCounts(maxLocks));
    const feed = new Feed(() => listLocks(folder, waits));
    return { locks, feed, waits, metrics: this.#metrics, tokens, maxBodyBytes, maxWaitMs };
  }
}

/** What fails because the client has left is no failure of the service or of its store. */
function answerTo(thrown: unknown, signal: AbortSignal): ServiceError {
  const error = serviceErrorOf(thrown);
  return error.isFailure && signal.aborted ? new ServiceError('aborted', 'the client has left') : error;
}

/** Whatever is wrong with the location is no fault of a client. */
function unopened(cause: unknown): never {
  const details = { retryAfterMs: AFTER_FAILURE_MS, cause };
  throw new ServiceError('store_failed', 'the location of the service cannot be opened', details);
}
