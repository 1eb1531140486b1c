import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import { describe, expect, it } from 'vitest';

import { anchorsOf, relativeLinks, tableUnder } from '../support/markdown.js';

const root = resolve(import.meta.dirname, '../..');
const textOf = (file: string): string => readFileSync(join(root, file), 'utf8');

const inDocs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/${name}`);
const PAGES = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md', 'llms.txt', ...inDocs];

/** The pages that a page links to, as paths from the root. */
function targetsOf(page: string): readonly string[] {
  return relativeLinks(textOf(page)).map(({ file }) => join(dirname(page), file));
}

describe('the documentation', () => {
  it.each(PAGES)('%s has no rest of a merge conflict', (page) => {
    expect(/^(<{7}|={7}|>{7}|(> ){7})/m.exec(textOf(page))?.[0]).toBeUndefined();
  });

  it.each(PAGES)('%s links only to files and headings that exist', (page) => {
    const broken = relativeLinks(textOf(page)).filter(({ file, anchor }) => {
      const target = file === '' ? page : join(dirname(page), file);
      if (!existsSync(join(root, target))) return true;
      return anchor !== undefined && !anchorsOf(textOf(target)).has(anchor);
    });
    expect(broken).toEqual([]);
  });

  it.each(['README.md', 'llms.txt'])('%s leads to every page', (index) => {
    const reached = new Set(targetsOf(index));
    const pages = inDocs.filter((page) => !page.startsWith('docs/reference/'));
    expect(
      [...pages, 'docs/reference/README.md', 'docs/reference/json.md'].filter((page) => !reached.has(page)),
    ).toEqual([]);
  });

  it('every row of the comparison in README.md has its evidence', () => {
    const [header = [], ...rows] = tableUnder(textOf('README.md'), '## Compared with others');
    expect(header.at(-1)).toBe('evidence');
    expect(rows.length).toBeGreaterThan(6);
    for (const row of rows) expect(row.at(-1), row[0]).toMatch(/\]\([^)]+\)/);
  });
});
