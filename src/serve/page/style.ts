/** The style of the page: dark where the system is, and one card a lock on a narrow screen. */
export const PAGE_CSS = `:root {
  color-scheme: light dark;
  --text: light-dark(#1c2128, #e6e9ee);
  --muted: light-dark(#57606a, #9aa4b2);
  --back: light-dark(#f6f7f9, #14171c);
  --card: light-dark(#ffffff, #1d2229);
  --line: light-dark(#d5dae1, #353c47);
  --accent: light-dark(#0b57d0, #8ab4f8);
  --held: light-dark(#13703a, #6fd39a);
  --stale: light-dark(#8a4b00, #f5b95f);
  --bad: light-dark(#b3261e, #ff9b92);
}
* { box-sizing: border-box; }
body { margin: 0; padding: 1rem clamp(0.75rem, 3vw, 2.5rem) 3rem; background: var(--back); color: var(--text); font: 16px/1.45 system-ui, sans-serif; }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0.25rem 1.25rem; margin-bottom: 1rem; }
h1 { margin: 0; font-size: 1.6rem; }
#status { margin: 0; color: var(--muted); }
#status.failed { color: var(--bad); font-weight: 600; }
#tools { display: flex; flex-wrap: wrap; gap: 0.5rem 1rem; align-items: end; flex-basis: 100%; }
#tools[hidden] { display: none; }
label { display: grid; gap: 0.15rem; font-size: 0.85rem; color: var(--muted); }
label[hidden] { display: none; }
input, select, button { font: inherit; color: var(--text); background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: 0.4rem 0.6rem; min-height: 2.5rem; }
button { cursor: pointer; }
button.link { border: 0; background: none; padding: 0; min-height: 0; color: var(--accent); text-decoration: underline; font: inherit; text-align: start; }
button.danger { color: #fff; background: light-dark(#b3261e, #8c1d18); border-color: transparent; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
table { width: 100%; border-collapse: collapse; background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
th, td { padding: 0.55rem 0.75rem; text-align: start; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
th { font-size: 0.8rem; color: var(--muted); white-space: nowrap; }
th button.link { font-weight: 600; color: inherit; text-decoration: none; }
th button.link::after { content: ' ↕'; opacity: 0.5; }
th[aria-sort="ascending"] button.link::after { content: ' ↑'; opacity: 1; }
th[aria-sort="descending"] button.link::after { content: ' ↓'; opacity: 1; }
a { color: var(--accent); }
td[data-label="state"], td[data-label="details"], td[data-label="held for"], td[data-label="last renewal"] { white-space: nowrap; font-variant-numeric: tabular-nums; }
td[data-label="owner"], td[data-label="host"] { min-width: 8rem; }
td[data-label="lease"] { min-width: 9rem; font-variant-numeric: tabular-nums; }
td[data-label="file"] { font-weight: 600; }
.more { display: block; font-weight: 400; font-size: 0.9rem; color: var(--muted); }
.quiet { color: var(--stale); }
.state { display: inline-block; justify-self: start; white-space: nowrap; padding: 0.05rem 0.55rem; border-radius: 99px; border: 1px solid currentColor; font-size: 0.85rem; font-weight: 600; }
.state.held { color: var(--held); }
.state.stale { color: var(--stale); }
.state.unreadable, .state.foreign { color: var(--bad); }
progress { display: block; width: 100%; height: 0.5rem; margin-top: 0.25rem; accent-color: var(--held); }
tr.stale progress { accent-color: var(--stale); }
#more, .hint { color: var(--muted); }
#empty { color: var(--muted); padding: 2rem; text-align: center; }
body.offline main { opacity: 0.65; }
dialog { width: min(44rem, calc(100vw - 1.5rem)); max-height: 90vh; overflow: auto; background: var(--card); color: var(--text); border: 1px solid var(--line); border-radius: 10px; padding: 1.25rem; }
dialog::backdrop { background: rgb(0 0 0 / 55%); }
dialog h2 { margin: 0 0 0.75rem; font-size: 1.2rem; overflow-wrap: anywhere; }
dialog dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.3rem 1rem; margin: 0 0 1rem; }
dialog dt { color: var(--muted); }
dialog dd { margin: 0; grid-column: 2; overflow-wrap: anywhere; white-space: pre-wrap; }
dialog .actions { display: flex; flex-wrap: wrap; gap: 0.5rem 1rem; align-items: end; margin-top: 1rem; }
dialog .close { position: sticky; bottom: -1.25rem; margin: 1rem -1.25rem -1.25rem; padding: 0.75rem 1.25rem; background: var(--card); border-top: 1px solid var(--line); }
dialog h3 { margin: 1rem 0 0.25rem; font-size: 1rem; }
dialog ul { margin: 0; padding: 0; list-style: none; }
dialog li { padding: 0.15rem 0; overflow-wrap: anywhere; }
dialog time { color: var(--muted); font-variant-numeric: tabular-nums; }
.timeline { position: relative; height: 1.5rem; margin-top: 0.5rem; border: 1px solid var(--line); border-radius: 4px; overflow: hidden; }
.timeline span { position: absolute; top: 0; bottom: 0; min-width: 3px; background: var(--held); border-inline-end: 1px solid var(--card); }
.timeline span.lost { background: var(--bad); }
.ends { display: flex; justify-content: space-between; margin: 0.15rem 0 0.5rem; font-size: 0.85rem; color: var(--muted); }
dialog .error { color: var(--bad); }
@media (scripting: none) { th:last-child, td:last-child { display: none; } }
@media (max-width: 1100px) {
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  table { background: none; border: 0; }
  table, tr, td { display: block; }
  tbody { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(22rem, 100%), 1fr)); gap: 0.75rem; }
  tr { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 0.35rem 0; }
  td { display: grid; grid-template-columns: 7rem 1fr; gap: 0.5rem; border: 0; padding: 0.25rem 0.85rem; }
  td::before { content: attr(data-label); color: var(--muted); font-weight: 400; }
  td:empty { display: none; }
}
@media (max-width: 600px) { label { flex: 1 1 100%; } }
@media (prefers-reduced-motion: no-preference) { tr.fresh { animation: fresh 1.5s; } }
@keyframes fresh { from { background: light-dark(#fff3c4, #4a4120); } }
`;
