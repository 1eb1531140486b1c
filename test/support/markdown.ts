/** A page without its fenced blocks. */
export function withoutBlocks(page: string): string {
  return page.replace(/^```.*?^```$/gms, '');
}

export interface Link {
  /** Empty: the page itself. */
  readonly file: string;
  readonly anchor: string | undefined;
}

/** The links of a page that lead to a file of the repository. */
export function relativeLinks(page: string): readonly Link[] {
  const links = withoutBlocks(page).matchAll(/\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]*))?\)/g);
  return [...links].map(([, file = '', anchor]) => ({ file, anchor }));
}

/** What a link may name after `#`: the headings as GitHub spells them, and HTML ids. */
export function anchorsOf(page: string): ReadonlySet<string> {
  const prose = withoutBlocks(page);
  const anchors = new Set([...prose.matchAll(/<a id="([^"]+)">/g)].map(([, id = '']) => id));
  const seen = new Map<string, number>();
  for (const [, title = ''] of prose.matchAll(/^#+ (.*)$/gm)) {
    const slug = slugOf(title);
    const before = seen.get(slug) ?? 0;
    seen.set(slug, before + 1);
    anchors.add(before === 0 ? slug : `${slug}-${String(before)}`);
  }
  return anchors;
}

function slugOf(title: string): string {
  const kept = title.toLowerCase().replace(/[^\w\- ]/g, '');
  return kept.replace(/ /g, '-');
}

/** The cells of each row of the table that follows a heading, without the row of dashes. */
export function tableUnder(page: string, heading: string): readonly (readonly string[])[] {
  const [, section = ''] = page.split(`\n${heading}\n`);
  const lines = section.split(/^## /m)[0]!.split('\n');
  const rows = lines.filter((line) => line.startsWith('|') && !/^\|[ :|-]+\|$/.test(line));
  return rows.map((row) =>
    row
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}
