/** What makes the page live. It puts every text of a lock into the page as text, never as HTML. */
export const PAGE_JS = `'use strict';
const base = document.body.dataset.base;
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
  const value = (lock) => lock[sortKey] ?? (typeof lock[sortKey] === 'string' ? '' : -1);
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
  return cell('lease', text, bar);
}

function link(note) {
  const url = Object.values(note ?? {}).find((value) => typeof value === 'string' && /^https?:\\/\\//.test(value));
  return url && make('a', { href: url, rel: 'noreferrer noopener', target: '_blank' }, 'job');
}

function row(lock) {
  const tr = make('tr', { class: lock.state + (lock.changed ? ' fresh' : ''), 'data-name': lock.name },
    cell('state', make('span', { class: 'state ' + lock.state }, lock.state)),
    cell('file', visible(lock.name)),
    cell('owner', visible(lock.owner)),
    cell('host', visible(lock.host) + (lock.pid === null ? '' : ' (process ' + lock.pid + ')')),
    cell('age', make('span', { class: 'age' })),
    cell('renewed', make('span', { class: 'renewed' })),
    leaseCell(lock),
    cell('waiters', String(lock.waiters)),
    cell('details', make('button', { type: 'button', class: 'link', 'aria-label': 'Details of ' + visible(lock.name), onclick: () => open(lock.name) }, 'Details')));
  const job = link(lock.note);
  if (job) tr.children[1].append(' ', job);
  lock.changed = false;
  return tr;
}

function draw() {
  const focused = document.activeElement?.closest('tr')?.dataset.name;
  body.replaceChildren(...shown().map(row));
  byId('empty').hidden = body.children.length > 0;
  if (focused !== undefined) [...body.children].find((tr) => tr.dataset.name === focused)?.querySelector('button')?.focus();
  tick();
}

function tick() {
  for (const tr of body.children) {
    const lock = locks.get(tr.dataset.name);
    if (lock === undefined) continue;
    tr.querySelector('.age').textContent = span(since(lock, lock.ageMs));
    tr.querySelector('.renewed').textContent = lock.renewals === 0 ? 'never' : span(since(lock, lock.idleMs)) + ' ago';
    const rest = left(lock);
    const text = tr.querySelector('.left');
    if (text) text.textContent = rest === 0 ? 'over' : span(rest) + ' left';
    const bar = tr.querySelector('progress');
    if (bar) bar.value = rest;
  }
  const live = connected && storeOk;
  const count = locks.size === 1 ? '1 lock' : locks.size + ' locks';
  const reason = connected ? 'The store cannot be read' : 'The service cannot be reached';
  const message = live ? count + ', live' : reason + '. Last seen ' + span(Date.now() - lastSeen) + ' ago: ' + count;
  if (status.textContent !== message) status.textContent = message;
  status.classList.toggle('failed', !live);
  document.body.classList.toggle('offline', !live);
  if (live) lastSeen = Date.now();
}

async function ask(method, path, content) {
  const headers = {};
  if (content !== undefined) headers['content-type'] = 'application/json';
  const token = byId('token').value;
  if (token !== '') headers.authorization = 'Bearer ' + token;
  const response = await fetch(base + path, { method, headers, body: content === undefined ? undefined : JSON.stringify(content) });
  const answer = await response.json().catch(() => ({}));
  if (response.status === 401 || response.status === 403) {
    byId('token-field').hidden = false;
    throw new Error((answer.error?.message ?? 'not allowed') + ': enter a write token above');
  }
  if (!response.ok) throw new Error(answer.error?.message ?? 'the service answered ' + response.status);
  return answer;
}

function list(entries) {
  return make('dl', {}, ...entries.flatMap(([name, value]) => [make('dt', {}, name), make('dd', {}, visible(value))]));
}

function show(title, ...children) {
  const close = make('button', { type: 'button', onclick: () => detail.close() }, 'Close');
  detail.replaceChildren(make('h2', { id: 'detail-title' }, title), ...children, make('div', { class: 'actions' }, close));
  if (!detail.open) detail.showModal();
}

function open(name) {
  const lock = locks.get(name);
  if (lock === undefined) return;
  const facts = [
    ['State', lock.state + (lock.reason === null ? '' : ' (' + lock.reason + ')')],
    ['Owner', lock.owner || 'not given'],
    ['Host', lock.host || 'not given'],
    ['Process', lock.pid === null ? 'none' : lock.pid],
    ['Id', lock.id ?? 'none'],
    ['Renewals', lock.renewals],
    ['Fencing token', lock.fencingToken ?? 'none'],
    ['Waiters here', lock.waiters],
    ['Note', lock.note === null ? 'none' : JSON.stringify(lock.note, null, 2).replaceAll('\\n', ' ')],
  ];
  const problem = make('p', { class: 'error', role: 'alert' });
  if (lock.id === null) return show(visible(name), list(facts));
  const reason = make('input', { id: 'reason', required: true, maxlength: '256', autocomplete: 'off' });
  const end = make('button', { type: 'button', class: 'danger', onclick: async () => {
    if (reason.value.trim() === '') {
      problem.textContent = 'Say why, for the record.';
      return reason.focus();
    }
    try {
      const path = '/v1/locks/' + name.split('/').map(encodeURIComponent).join('/') + '/force-release';
      await ask('POST', path, { id: lock.id, reason: reason.value.trim() });
      detail.close();
    } catch (error) {
      problem.textContent = error.message;
    }
  } }, 'End this lock');
  const warning = make('p', {}, 'Its holder goes on working until its next renewal: make sure first that it does not.');
  show(visible(name), list(facts), warning, make('div', { class: 'actions' }, make('label', {}, 'Reason', reason), end), problem);
}

async function previewSweep() {
  const problem = make('p', { class: 'error', role: 'alert' });
  try {
    const { found, totals } = await ask('GET', '/v1/sweep');
    const names = found.map((each) => [each.reason, each.name ?? 'a leftover']);
    const run = make('button', { type: 'button', class: 'danger', onclick: async () => {
      try {
        const done = await ask('POST', '/v1/sweep', {});
        show('Sweep', make('p', {}, 'Removed: ' + done.totals.removed + ', released: ' + done.totals.released + ', failed: ' + done.totals.failed));
      } catch (error) {
        problem.textContent = error.message;
      }
    } }, 'Remove ' + totals.removed);
    const nothing = make('p', {}, 'There is nothing to remove.');
    if (found.length === 0) show('Sweep', nothing);
    else show('Sweep', list(names), make('div', { class: 'actions' }, run), problem);
  } catch (error) {
    problem.textContent = error.message;
    show('Sweep', problem);
  }
}

function listen() {
  const events = new EventSource(base + '/v1/events');
  const on = (name, react) => events.addEventListener(name, (event) => {
    connected = true;
    react(JSON.parse(event.data));
    draw();
  });
  on('snapshot', (data) => {
    storeOk = true;
    const known = new Set(locks.keys());
    locks.clear();
    data.locks.forEach(take);
    for (const lock of locks.values()) lock.changed = known.size > 0 && !known.has(lock.name);
  });
  on('lock', (data) => take(data.lock));
  on('gone', (data) => locks.delete(data.name));
  on('store', (data) => { storeOk = data.ok; });
  events.onerror = () => {
    connected = false;
    tick();
    // A browser gives up by itself after an answer that is an error.
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, 2000);
  };
}

for (const th of document.querySelectorAll('th[data-key]')) {
  const button = make('button', { type: 'button', class: 'link', onclick: () => {
    descending = sortKey === th.dataset.key && !descending;
    sortKey = th.dataset.key;
    for (const each of document.querySelectorAll('th')) each.removeAttribute('aria-sort');
    th.setAttribute('aria-sort', descending ? 'descending' : 'ascending');
    draw();
  } }, th.textContent);
  th.replaceChildren(button);
}
byId('tools').hidden = false;
byId('token-field').hidden = document.body.dataset.needsToken !== 'true';
byId('tools').addEventListener('submit', (event) => event.preventDefault());
byId('search').addEventListener('input', draw);
byId('filter').addEventListener('change', draw);
byId('sweep').addEventListener('click', previewSweep);
setInterval(tick, 500);
listen();
`;
