import { sweep, type Sweep } from '../../admin/sweep.js';
import type { Swept } from '../../admin/sweeper.js';
import { readJson } from '../body.js';
import type { RequestContext } from '../context.js';
import { folderFor, nameIn } from '../listing.js';
import { checkPrefix } from '../names.js';
import { json } from '../respond.js';
import { Fields } from './fields.js';
import { methodNotAllowed, requireToken } from './locks.js';

/** How many things an answer names; the totals count all. */
const MOST_SHOWN = 1000;

/** `GET` shows what a sweep would remove, `POST` removes it. */
export async function sweepRoute(context: RequestContext): Promise<Response> {
  const { request, url, service, principal } = context;
  if (request.method === 'GET') return await answer(context, url.searchParams.get('prefix') ?? '', true);
  if (request.method !== 'POST') throw methodNotAllowed('GET, POST');
  const fields = new Fields(await readJson(request, service.maxBodyBytes), ['prefix']);
  requireToken(principal.hasToken);
  const response = await answer(context, fields.text('prefix', 512) ?? '', false);
  service.feed.poke();
  return response;
}

/** A prefix is a folder here: everything in it is swept. */
async function answer({ request, service }: RequestContext, prefix: string, dryRun: boolean): Promise<Response> {
  const { folder } = service.locks;
  const below = folderFor(folder, checkPrefix(prefix));
  const found: Record<string, unknown>[] = [];
  const running: Sweep = sweep(below, { recursive: true, dryRun, signal: request.signal });
  for await (const each of running) {
    if (found.length < MOST_SHOWN && each.action !== 'left') found.push(stepOf(each, (path) => nameIn(folder, path)));
  }
  const { removed, released, left, failed } = running.totals;
  return json(200, { dryRun, found, totals: { removed, released, left, failed } });
}

function stepOf(
  { kind, file, action, reason, record }: Swept,
  nameOf: (path: string) => string,
): Readonly<Record<string, unknown>> {
  return { kind, name: file ? nameOf(file.path) : null, action, reason, owner: record?.ownerId ?? '' };
}
