/** The table of locks, in the page's script. It puts every text of a lock into the page as text, never as HTML. */
export const TABLE_JS = `
// 'yes': the page may act; 'token': with a write token; 'none': the service lets nobody end locks of others.
const { base, actions } = document.body.dataset;
const byId = (id) => document.getElementById(id);
const body = byId('locks');
const status = byId('status');
const detail = byId('detail');
const locks = new Map();
let sortKey = '';
let descending = false;
let connected = false;
let storeOk = true;
let lastSeen = Date.now();
// A browser takes long over more rows, and nobody reads them.
const MOST_ROWS = 500;

function make(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (key === 'onclick') element.addEventListener('click', value);
    else if (value !== false && value !== undefined) element.setAttribute(key, value === true ? '' : value);
  }
  element.append(...children);
  return element;
}

function visible(text) {
  return String(text).replace(/[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]/gu, (c) => '\\\\u{' + c.codePointAt(0).toString(16) + '}');
}

function span(ms) {
  if (ms === null) return 'unknown';
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return seconds + ' s';
  if (seconds < 3600) return Math.floor(seconds / 60) + ' min ' + (seconds % 60) + ' s';
  return Math.floor(seconds / 3600) + ' h ' + Math.floor((seconds % 3600) / 60) + ' min';
}

// Times go on from when they were read, by this page's own monotonic clock.
const since = (lock, ms) => (ms === null ? null : ms + performance.now() - lock.seenMs);
const left = (lock) => (lock.expiresInMs === null ? null : Math.max(0, lock.expiresInMs - (performance.now() - lock.seenMs)));

function take(lock) {
  locks.set(lock.name, { ...lock, seenMs: performance.now(), changed: true });
}

function shown() {
  const words = byId('search').value.toLowerCase();
  const state = byId('filter').value;
  const found = [...locks.values()].filter((lock) =>
    (state === '' || lock.state === state) &&
    [lock.name, lock.owner, lock.host].some((text) => text.toLowerCase().includes(words)));
  const rank = (lock) => (lock.state === 'held' ? 1 : 0);
  if (sortKey === '') return found.sort((a, b) => rank(a) - rank(b) || (b.ageMs ?? 0) - (a.ageMs ?? 0));
  const value = (lock) => (sortKey === 'fencingToken' ? Number(lock[sortKey] ?? -1) : lock[sortKey]) ?? (typeof lock[sortKey] === 'string' ? '' : -1);
  const order = (a, b) => (value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : 0);
  return found.sort((a, b) => (descending ? -order(a, b) : order(a, b)) || (a.name < b.name ? -1 : 1));
}

function cell(label, ...children) {
  return make('td', { 'data-label': label }, ...children);
}

function leaseCell(lock) {
  if (lock.endless) return cell('lease', 'without end');
  if (lock.expiresInMs === null) return cell('lease', 'unknown');
  const text = make('span', { class: 'left' });
  const bar = make('progress', { max: String(lock.leaseMs ?? lock.expiresInMs), 'aria-label': 'rest of the lease' });
  return cell('lease', make('span', {}, text, bar));
}

function link(note) {
  const url = Object.values(note ?? {}).find((value) => typeof value === 'string' && /^https?:\\/\\//.test(value));
  return url && make('a', { href: url, rel: 'noreferrer noopener', target: '_blank', 'aria-label': 'job, opens a new page' }, 'job');
}

function workOf(note) {
  const work = note?.command ?? note?.job;
  const text = Array.isArray(work) ? work.join(' ') : work;
  return typeof text === 'string' ? text.slice(0, 160) : '';
}

function progressText(lock) {
  const { text, ageMs, quiet } = lock.progress;
  const age = span(since(lock, ageMs));
  return text + ' (' + (quiet ? 'no progress for ' + age : age + ' ago') + ')';
}

function foreignText(lock) {
  const file = lock.name.slice(lock.name.lastIndexOf('/') + 1) + '.lock';
  return visible(file) + ' is ' + (lock.foreign === 'folder' ? 'a folder' : 'a file') + ' of another program';
}

function row(lock) {
  const tr = make('tr', { class: lock.state + (lock.changed ? ' fresh' : ''), 'data-name': lock.name },
    cell('state', make('span', { class: 'state ' + lock.state }, lock.state)),
    cell('file', make('span', {}, visible(lock.name))),
    cell('owner', visible(lock.owner)),
    cell('host', visible(lock.host) + (lock.pid === null ? '' : ' (process ' + lock.pid + ')')),
    ...(lock.state === 'foreign' ? [cell('held for'), cell('last renewal'), cell('lease')] : [
      cell('held for', make('span', { class: 'age' })),
      cell('last renewal', make('span', { class: 'renewed' })),
      leaseCell(lock)]),
    cell('token', lock.fencingToken ?? ''),
    cell('waiters', String(lock.waiters)),
    cell('details', make('button', { type: 'button', class: 'link', 'aria-label': 'Details of ' + visible(lock.name), onclick: () => open(lock.name) }, 'Details')));
  const job = link(lock.note);
  const work = workOf(lock.note);
  if (work !== '' && !job) tr.children[1].firstChild.append(make('span', { class: 'more' }, visible(work)));
  if (lock.foreign !== null) tr.children[1].firstChild.append(make('span', { class: 'more' }, foreignText(lock)));
  if (lock.progress) tr.children[1].firstChild.append(make('span', { class: 'more progress' + (lock.progress.quiet ? ' quiet' : '') }));
  if (job) tr.children[1].firstChild.append(' ', job);
  lock.changed = false;
  return tr;
}

function focusRow(name) {
  [...body.children].find((tr) => tr.dataset.name === name)?.querySelector('button')?.focus();
}

function draw() {
  const focused = document.activeElement?.closest('tr')?.dataset.name;
  const found = shown();
  body.replaceChildren(...found.slice(0, MOST_ROWS).map(row));
  const more = found.length - MOST_ROWS;
  byId('more').hidden = more <= 0;
  byId('more').textContent = more + ' more are not shown: search for them.';
  byId('empty').hidden = found.length > 0;
  byId('empty').textContent = locks.size > 0 ? 'No lock is like that.' : 'Nothing is locked.';
  if (focused !== undefined) focusRow(focused);
  tick();
}

// Many changes at a time are drawn once.
let drawing = false;
function drawSoon() {
  if (drawing) return;
  drawing = true;
  setTimeout(() => {
    drawing = false;
    draw();
  }, 30);
}

function tick() {
  for (const tr of body.children) {
    const lock = locks.get(tr.dataset.name);
    if (lock === undefined) continue;
    const age = tr.querySelector('.age');
    if (age) age.textContent = span(since(lock, lock.ageMs));
    const renewed = tr.querySelector('.renewed');
    if (renewed) renewed.textContent = lock.renewals === 0 ? 'never' : span(since(lock, lock.idleMs)) + ' ago';
    const progress = tr.querySelector('.progress');
    if (progress) progress.textContent = progressText(lock);
    const rest = left(lock);
    const text = tr.querySelector('.left');
    if (text) text.textContent = rest === 0 ? 'over' : span(rest) + ' left';
    const bar = tr.querySelector('progress');
    if (bar) bar.value = rest;
  }
  refreshFacts();
  const live = connected && storeOk;
  const count = locks.size === 1 ? '1 lock' : locks.size + ' locks';
  const reason = connected ? 'The store cannot be read' : 'The service cannot be reached';
  const message = live ? count + ', live' : reason + '. Last seen ' + span(Date.now() - lastSeen) + ' ago: ' + count;
  if (status.textContent !== message) status.textContent = message;
  status.classList.toggle('failed', !live);
  document.body.classList.toggle('offline', !live);
  if (live) lastSeen = Date.now();
}
`;
