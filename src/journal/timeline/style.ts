/** Works on light and dark pages, and without colours: what waits is hatched, what was killed has a cross. */
export const STYLE = `
.timeline{--ink:#1c2733;--dim:#66788a;--line:#dde3ea;--paper:#fff;--held:#4a90c2;--after:#3b9b6d;--dead:#c2574a;--wait:#b9c3cd}
@media (prefers-color-scheme:dark){.timeline{--ink:#e4e9ee;--dim:#93a3b3;--line:#33404d;--paper:#161c22;--held:#3f7fb0;--after:#3a8f66;--dead:#b84f43;--wait:#566472}}
.timeline text{font:11px system-ui,sans-serif;fill:var(--ink)}
.timeline .dim{fill:var(--dim)}
.timeline .paper{fill:var(--paper)}
.timeline .line{stroke:var(--line);stroke-width:1}
.timeline .held{fill:var(--held)}
.timeline .after{fill:var(--after)}
.timeline .dead{fill:var(--dead)}
.timeline .open{fill:var(--held);opacity:.6}
.timeline .wait{fill:url(#hatch);stroke:var(--wait);stroke-width:1}
.timeline .hatch{stroke:var(--wait);stroke-width:2}
.timeline .tick{stroke:#fff;stroke-opacity:.7;stroke-width:1}
.timeline .name{fill:#fff;pointer-events:none}
.timeline .cross{stroke:var(--ink);stroke-width:2.5;stroke-linecap:round}
.timeline .arrow{fill:none;stroke:var(--ink);stroke-width:1.3}
.timeline .head{fill:var(--ink)}
`.trim();

/** The page around the picture. */
export const PAGE_STYLE = `
:root{color-scheme:light dark}
body{font:15px/1.5 system-ui,sans-serif;margin:1.5rem auto;max-width:1240px;padding:0 1rem;background:Canvas;color:CanvasText}
h1{font-size:1.25rem;overflow-wrap:anywhere}
.scroll{overflow-x:auto}
.scroll svg{min-width:720px;width:100%;height:auto}
table{border-collapse:collapse;font-size:.9rem}
td,th{text-align:left;padding:.2rem .8rem .2rem 0;vertical-align:top;overflow-wrap:anywhere}
`.trim();
