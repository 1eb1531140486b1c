import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');

function codesIn(text: string): readonly string[] {
  return [...text.matchAll(/'(ERR_(?:LOCK|VFS|FENCED)\w*)'/g)].map(([, code = '']) => code);
}

it('C: the page of errors has one anchor for each code, and no other', () => {
  const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  const codes = new Set(sources.flatMap((name) => codesIn(readFileSync(join(ROOT, 'src', name), 'utf8'))));
  const page = readFileSync(join(ROOT, 'docs', 'errors.md'), 'utf8');
  const anchors = [...page.matchAll(/^### (ERR_\w+)$/gm)].map(([, anchor = '']) => anchor);
  expect(codes.size).toBeGreaterThan(15);
  expect([...anchors].sort()).toEqual([...codes].sort());
});
