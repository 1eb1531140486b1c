import { DIALOG_JS } from './dialog-script.js';
import { TABLE_JS } from './table-script.js';

const LIVE_JS = `
function listen() {
  const events = new EventSource(base + '/v1/events');
  const on = (name, react) => events.addEventListener(name, (event) => {
    connected = true;
    react(JSON.parse(event.data));
    drawSoon();
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
byId('token-field').hidden = actions !== 'token';
detail.addEventListener('close', () => {
  if (openName !== undefined) focusRow(openName);
  openName = undefined;
});
byId('tools').addEventListener('submit', (event) => event.preventDefault());
byId('search').addEventListener('input', draw);
byId('filter').addEventListener('change', draw);
byId('sweep').addEventListener('click', previewSweep);
setInterval(tick, 500);
listen();
`;

/** What makes the page live. */
export const PAGE_JS = `'use strict';${TABLE_JS}${DIALOG_JS}${LIVE_JS}`;
