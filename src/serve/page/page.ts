import type { RequestContext } from '../context.js';
import { ServiceError } from '../errors.js';
import { nameOf } from '../../vfs/path.js';
import { listLocks } from '../listing.js';
import { respond } from '../respond.js';
import type { LockView } from '../view.js';
import { methodNotAllowed } from '../v1/locks.js';
import { escapeHtml, spanText } from './html.js';
import { PAGE_CSS } from './style.js';
import { PAGE_JS } from './script.js';

const POLICY = [
  ...[
    "default-src 'none'",
    'img-src data:',
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "form-action 'none'",
  ],
  ...["base-uri 'none'", "frame-ancestors 'none'"],
].join('; ');

/** In characters. */
const LONGEST_WORK = 160;

/** Every lock in a table, which needs no script to be read. */
export async function pageRoute(context: RequestContext): Promise<Response> {
  const { request, basePath, service } = context;
  if (request.method !== 'GET') throw methodNotAllowed('GET');
  const { folder } = service.locks;
  const failed = Symbol('failed');
  const found = await listLocks(folder, service.waits, { signal: request.signal }).catch(() => failed);
  const locks = found === failed ? [] : (found as readonly LockView[]);
  const status =
    found === failed ? 'The store cannot be read now.' : locks.length === 1 ? '1 lock' : `${locks.length} locks`;
  const rows = [...locks].sort(staleFirst).map(rowOf).join('\n');
  const page = TEMPLATE.replaceAll('{base}', () => basePath)
    .replace('{rows}', () => rows)
    .replace('{status}', () => status)
    .replace('{time}', () => `${new Date().toISOString().slice(0, 19).replace('T', ' ')} UTC`)
    .replace('{actions}', () => actionsOf(context));
  return respond(200, page, { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': POLICY });
}

/** Whether this visitor may end locks of others, may do so with another token, or nobody may. */
function actionsOf({ service, principal }: RequestContext): 'yes' | 'token' | 'none' {
  if (service.tokens === undefined) return 'none';
  return principal.hasToken && principal.canWrite ? 'yes' : 'token';
}

/** The page's style and script. */
export function assetRoute({ request, path }: RequestContext): Response {
  if (request.method !== 'GET') throw methodNotAllowed('GET');
  if (path === '/page.css') return respond(200, PAGE_CSS, { 'content-type': 'text/css; charset=utf-8' });
  if (path === '/page.js') return respond(200, PAGE_JS, { 'content-type': 'text/javascript; charset=utf-8' });
  throw new ServiceError('not_found', 'there is nothing here');
}

/** What may need a person comes first: stale locks, then those that are held for longest. */
function staleFirst(a: LockView, b: LockView): number {
  const rank = ({ state }: LockView): number => (state === 'held' ? 1 : 0);
  return rank(a) - rank(b) || (b.ageMs ?? 0) - (a.ageMs ?? 0);
}

function rowOf(lock: LockView): string {
  const cells = [
    ['state', `<span class="state ${lock.state}">${lock.state}</span>`],
    ['file', `<span>${escapeHtml(lock.name) + moreHtml(lock)}</span>`],
    ['owner', escapeHtml(lock.owner)],
    ['host', escapeHtml(lock.host) + (lock.pid === null ? '' : ` (process ${lock.pid})`)],
    ...(lock.state === 'foreign' ? NO_TIMES : timesOf(lock)),
    ['token', escapeHtml(lock.fencingToken ?? '')],
    ['waiters', String(lock.waiters)],
  ];
  return `<tr>${cells.map(([name = '', html = '']) => `<td data-label="${name}">${html}</td>`).join('')}<td></td></tr>`;
}

function moreHtml(lock: LockView): string {
  return details(workOf(lock.note), '') + details(foreignText(lock), '') + progressHtml(lock);
}

/** What the holder works at, where its note says so. */
function workOf(note: LockView['note']): string {
  const work = note?.command ?? note?.job;
  const text = Array.isArray(work) ? work.join(' ') : work;
  return typeof text === 'string' ? text.slice(0, LONGEST_WORK) : '';
}

const NO_TIMES = [['held for'], ['last renewal'], ['lease']] as const;

function timesOf(lock: LockView): readonly (readonly string[])[] {
  const renewed = lock.renewals === 0 ? 'never' : `${spanText(lock.idleMs)} ago`;
  return [
    ['held for', spanText(lock.ageMs)],
    ['last renewal', renewed],
    ['lease', leaseText(lock)],
  ];
}

/** Says that another program made what has the name of the lock file. */
function foreignText({ foreign, name }: LockView): string {
  if (foreign === null) return '';
  return `${nameOf(name)}.lock is ${foreign === 'folder' ? 'a folder' : 'a file'} of another program`;
}

function progressHtml({ progress }: LockView): string {
  if (progress === null) return '';
  const since = progress.quiet ? `no progress for ${spanText(progress.ageMs)}` : `${spanText(progress.ageMs)} ago`;
  return details(`${progress.text} (${since})`, progress.quiet ? ' quiet' : '');
}

function details(text: string, className: string): string {
  return text === '' ? '' : `<span class="more${className}">${escapeHtml(text)}</span>`;
}

function leaseText({ endless, expiresInMs }: LockView): string {
  if (endless) return 'without end';
  if (expiresInMs === 0) return 'over';
  return expiresInMs === null ? 'unknown' : `${spanText(expiresInMs)} left`;
}

const TEMPLATE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Locks</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{base}/assets/page.css">
<script src="{base}/assets/page.js" defer></script>
</head>
<body data-base="{base}" data-actions="{actions}">
<header>
<h1>Locks</h1>
<p id="status" role="status">{status}</p>
<noscript><p class="hint">As of {time}. Load the page again to see what changed.</p></noscript>
<form id="tools" hidden>
<label>Search <input id="search" type="search" placeholder="file, owner or host" autocomplete="off"></label>
<label>Show <select id="filter"><option value="">all</option><option>held</option><option>stale</option><option>unreadable</option><option>foreign</option></select></label>
<label id="token-field" hidden>Write token <input id="token" type="password" autocomplete="off" placeholder="to end locks"></label>
<button id="sweep" type="button">Sweep…</button>
</form>
</header>
<main>
<table>
<caption>Every lock below this location</caption>
<thead>
<tr>
<th scope="col" data-key="state">State</th>
<th scope="col" data-key="name">File</th>
<th scope="col" data-key="owner">Owner</th>
<th scope="col" data-key="host">Host</th>
<th scope="col" data-key="ageMs">Held for</th>
<th scope="col" data-key="idleMs">Last renewal</th>
<th scope="col" data-key="expiresInMs">Lease</th>
<th scope="col" data-key="fencingToken">Token</th>
<th scope="col" data-key="waiters">Waiters</th>
<th scope="col">Details</th>
</tr>
</thead>
<tbody id="locks">
{rows}
</tbody>
</table>
<p id="more" hidden></p>
<p id="empty" hidden></p>
</main>
<dialog id="detail" aria-labelledby="detail-title"></dialog>
</body>
</html>
`;
