import { describe, expect, test } from 'vitest';

import { withBlock } from '../../bench/page.mjs';

const [START, END] = ['<!-- bench:start -->', '<!-- bench:end -->'];

describe('writing the figures into their page', () => {
  test('replaces all between the markers and keeps the rest', () => {
    const page = `# Title\n\n${START}\nold\n| a |\n${END}\n\nThe end.\n`;
    expect(withBlock(page, 'new\n')).toBe(`# Title\n\n${START}\n\nnew\n\n${END}\n\nThe end.\n`);
  });

  test('changes nothing the second time', () => {
    const once = withBlock(`${START}${END}`, '$& costs $1');
    expect(withBlock(once, '$& costs $1')).toBe(once);
  });

  test.each([
    ['no markers', '# Title\n'],
    ['no end', `${START}\n`],
    ['no start', `${END}\n`],
    ['the wrong order', `${END}\n${START}\n`],
    ['two starts', `${START}\n${START}\n${END}\n`],
    ['a second start after the end', `${START}\n${END}\n${START}\n`],
    ['two ends', `${START}\n${END}\n${END}\n`],
  ])('refuses a page with %s', (_, page) => {
    expect(() => withBlock(page, 'new')).toThrow(/docs\/benchmarks\.md needs the markers/);
  });
});
