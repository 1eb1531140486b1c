import { ServiceError } from './errors.js';

/**
 * Refuses what a page of somebody else makes a browser send: a change from another origin, and, where no token is needed, a request
 * by a name that only a foreign name server leads here.
 */
export function checkOrigin(request: Request, url: URL, hosts: ReadonlySet<string> | undefined): void {
  const host = (request.headers.get('host') ?? url.host).toLowerCase();
  if (hosts && !isLoopback(host) && !hosts.has(host.replace(/:\d+$/, ''))) {
    throw new ServiceError('cross_origin', 'without tokens this service answers by loopback names only');
  }
  if (request.method === 'GET' || request.method === 'HEAD') return;
  const origin = request.headers.get('origin');
  const site = request.headers.get('sec-fetch-site');
  const isForeign =
    origin === null ? site !== null && site !== 'same-origin' && site !== 'none' : hostOf(origin) !== host;
  if (isForeign) throw new ServiceError('cross_origin', 'changes are not accepted from pages of another origin');
}

function hostOf(origin: string): string | undefined {
  return /^https?:\/\/([^/]+)$/.exec(origin.toLowerCase())?.[1];
}

function isLoopback(host: string): boolean {
  return /^(?:localhost|[\w-]+\.localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/.test(host);
}
