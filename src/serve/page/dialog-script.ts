/** What the page's dialogs show and do, in its script. */
export const DIALOG_JS = `
async function ask(method, path, content) {
  const headers = {};
  if (content !== undefined) headers['content-type'] = 'application/json';
  const token = byId('token').value;
  if (token !== '') headers.authorization = 'Bearer ' + token;
  const response = await fetch(base + path, { method, headers, body: content === undefined ? undefined : JSON.stringify(content) });
  const answer = await response.json().catch(() => ({}));
  if (response.status === 401 || response.status === 403) {
    byId('token-field').hidden = false;
    throw new Error((answer.error?.message ?? 'not allowed') + ': close this and enter a write token');
  }
  if (!response.ok) throw new Error(answer.error?.message ?? 'the service answered ' + response.status);
  return answer;
}

function list(entries) {
  return make('dl', {}, ...entries.flatMap(([name, value]) => [make('dt', {}, name), ...[value].flat().map((each) => make('dd', {}, visible(each)))]));
}

function show(title, ...children) {
  const close = make('button', { type: 'button', onclick: () => detail.close() }, 'Close');
  detail.replaceChildren(make('h2', { id: 'detail-title' }, title), ...children, make('div', { class: 'actions close' }, close));
  if (!detail.open) detail.showModal();
}

function noteTexts(note) {
  // The service's own entry says only which client it was.
  const { http, ...own } = note ?? {};
  return Object.keys(own).length === 0 ? 'none' : Object.entries(own).map(([key, value]) =>
    key + ': ' + (typeof value === 'string' ? value : isWords(value) ? value.join(' ') : JSON.stringify(value)));
}

function isWords(value) {
  return Array.isArray(value) && value.every((word) => typeof word === 'string');
}

function waitersOf(lock) {
  const here = lock.waiters - lock.announced.length;
  const others = lock.announced.map((each) => (each.owner || 'process ' + each.pid) + ' on ' + each.host + ', for ' + span(since(lock, each.waitedMs)));
  return [...(here === 0 ? [] : [here + (here === 1 ? ' request' : ' requests') + ' to this service']), ...others];
}

const FOREIGN = { file: 'a file of another program', folder: 'a folder, as proper-lockfile makes it' };

function factsOf(lock) {
  const name = lock.state + (lock.reason === null ? '' : ' (' + lock.reason + ')');
  if (lock.state === 'foreign') return [['State', name], ['What is there', FOREIGN[lock.foreign] ?? 'unknown']];
  const waiters = waitersOf(lock);
  const rest = left(lock);
  const lease = lock.endless ? 'without end' : rest === 0 ? 'over' : rest === null ? 'unknown' : span(rest) + ' left';
  return [
    ['State', name],
    ['Owner', lock.owner || 'not given'],
    ['Host', lock.host || 'not given'],
    ['Process', lock.pid ?? 'not given'],
    ['Held for', span(since(lock, lock.ageMs))],
    ['Lease', lease + (lock.leaseMs === null ? '' : ', of ' + span(lock.leaseMs))],
    ['Renewals', lock.renewals],
    ['Id', lock.id ?? 'none'],
    ['Fencing token', lock.fencingToken ?? 'none'],
    ['Progress', lock.progress === null ? 'none reported' : progressText(lock)],
    ['Waiters', waiters.length === 0 ? 'none seen' : waiters],
    ['Note', noteTexts(lock.note)],
  ];
}

// Which lock the dialog shows; the focus goes back to its row.
let openName;
let facts;

// Only what has changed is written again, so that a selection stays.
function refreshFacts() {
  if (openName === undefined || !detail.open) return;
  const lock = locks.get(openName);
  const fresh = lock === undefined ? list([['State', 'gone by now']]) : list(factsOf(lock));
  if (fresh.isEqualNode(facts)) return;
  facts.replaceWith(fresh);
  facts = fresh;
}

function open(name) {
  const lock = locks.get(name);
  if (lock === undefined) return;
  const job = link(lock.note);
  facts = list(factsOf(lock));
  const parts = [facts, ...(job ? [make('p', {}, 'Its note has a link: ', job)] : [])];
  if (lock.id !== null) parts.push(...ending(lock));
  const history = make('div', { class: 'history' });
  show(visible(name), ...parts, history);
  openName = name;
  void showHistory(name, history);
}

async function showHistory(name, place) {
  try {
    const path = '/v1/history/' + name.split('/').map(encodeURIComponent).join('/') + '?limit=100';
    const { history } = await ask('GET', path);
    if (history.length === 0) return;
    const lines = history.slice(-20).reverse().map((entry) => make('li', {},
      make('time', { datetime: entry.at }, new Date(entry.at).toLocaleString()), ' ', visible(eventText(entry))));
    place.replaceChildren(make('h3', {}, 'History'), ...timeline(history), make('ul', {}, ...lines));
  } catch (error) {
    place.textContent = 'The history cannot be read: ' + error.message;
  }
}

const EVENTS = { wait: 'waited for by', timeout: 'given up by', fail: 'not acquired by', acquire: 'acquired by', steal: 'taken over by',
  lost: 'lost by', release: 'released by', 'force-release': 'ended by' };
// The page leaves these reasons out, as they say nothing new.
const USUAL = ['', 'free', 'held', 'released'];

function eventText({ event, reason, owner, host, by, from }) {
  const holder = owner || host || 'somebody';
  const parts = [(EVENTS[event] ?? event + ' by') + ' ' + (by ?? holder)];
  if (by !== null) parts.push('held by ' + holder);
  if (from !== null) parts.push('from ' + (from.owner || from.host || 'somebody'));
  return parts.join(', ') + (USUAL.includes(reason) ? '' : ' (' + reason + ')');
}

// Who held the lock when: a bar for each acquisition that the journal knows.
function timeline(history) {
  const first = Date.parse(history[0].at);
  const last = Math.max(first + 1, Date.now());
  const percent = (at) => Math.min(100, Math.max(0, (100 * (at - first)) / (last - first)));
  const bars = history.filter(({ event }) => event === 'acquire').map((acquired) => {
    const end = history.find(({ id, event }) => id === acquired.id && ['release', 'lost', 'force-release'].includes(event));
    const from = Date.parse(acquired.at);
    const to = end ? Date.parse(end.at) : last;
    const title = visible(acquired.owner || acquired.host) + ', ' + span(to - from) + (end ? ', ' + end.event : '');
    const bar = make('span', { title, class: end && end.event !== 'release' && 'lost' });
    bar.style.left = percent(from) + '%';
    bar.style.width = percent(to) - percent(from) + '%';
    return bar;
  });
  if (bars.length === 0) return [];
  const label = 'held ' + bars.length + (bars.length === 1 ? ' time' : ' times') + ' in ' + span(last - first);
  const ends = make('p', { class: 'ends' }, make('span', {}, span(last - first) + ' ago'), make('span', {}, label), make('span', {}, 'now'));
  return [make('div', { class: 'timeline', role: 'img', 'aria-label': label }, ...bars), ends];
}

function ending(lock) {
  if (actions === 'none') return [make('p', { class: 'hint' }, 'Locks of others can be ended here when the service has tokens.')];
  const problem = make('p', { class: 'error', role: 'alert' });
  const reason = make('input', { id: 'reason', required: true, maxlength: '256', autocomplete: 'off' });
  const end = make('button', { type: 'button', class: 'danger', onclick: async () => {
    if (reason.value.trim() === '') {
      problem.textContent = 'Say why, for the record.';
      return reason.focus();
    }
    try {
      const path = '/v1/locks/' + lock.name.split('/').map(encodeURIComponent).join('/') + '/force-release';
      await ask('POST', path, { id: lock.id, reason: reason.value.trim() });
      detail.close();
    } catch (error) {
      problem.textContent = error.message;
    }
  } }, 'End this lock');
  const warning = make('p', { class: 'hint' }, 'Its holder goes on working until its next renewal: make sure first that it has stopped.');
  return [warning, make('div', { class: 'actions' }, make('label', {}, 'Reason', reason), end), problem];
}

async function previewSweep() {
  const problem = make('p', { class: 'error', role: 'alert' });
  try {
    const { found, totals } = await ask('GET', '/v1/sweep');
    const names = found.map((each) => [each.reason, each.name ?? 'a leftover']);
    const what = make('p', {}, 'This would be removed:');
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
    else if (actions === 'none') show('Sweep', what, list(names), make('p', { class: 'hint' }, 'It can be removed here when the service has tokens.'));
    else show('Sweep', what, list(names), make('div', { class: 'actions' }, run), problem);
  } catch (error) {
    problem.textContent = error.message;
    show('Sweep', problem);
  }
}
`;
