import type { Feed } from './feed.js';
import type { ServiceLocks } from './locks.js';
import type { Metrics } from './metrics.js';
import type { Waits } from './limits.js';
import type { Principal, TokenStore } from './tokens.js';

/** What the handler of a request has at hand. */
export interface RequestContext {
  readonly request: Request;
  readonly url: URL;
  /** The path below the base path, without what was matched already. */
  readonly path: string;
  readonly basePath: string;
  readonly principal: Principal;
  readonly service: Service;
}

/** One service, opened. */
export interface Service {
  readonly locks: ServiceLocks;
  readonly feed: Feed;
  readonly waits: Waits;
  readonly metrics: Metrics;
  readonly tokens: TokenStore | undefined;
  readonly maxBodyBytes: number;
  readonly maxWaitMs: number;
}

export type Handler = (context: RequestContext) => Promise<Response> | Response;
