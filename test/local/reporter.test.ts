import { describe, expect, it } from 'vitest';

import { output, PASSES, run, useProject } from '../support/closing-lines.js';

useProject();

describe('the closing line of a test run', () => {
  it('counts what passed and what failed', async () => {
    const { code, lines } = await output(PASSES);
    expect([code, ...lines.slice(-2)]).toEqual([0, 'skipped: none', '1 passed, 0 failed']);
    const fails = "it('fails', () => { throw new Error('on purpose'); });";
    expect(await run(PASSES, PASSES + fails)).toEqual({ code: 1, lastLine: '2 passed, 1 failed' });
  });

  it('names before it what failed, with the lines that differ', async () => {
    const fails = "import { expect } from 'vitest'; it('finds', () => { expect(['a fault']).toEqual([]); });";
    const { lines } = await output(PASSES, fails);
    expect(lines.slice(lines.findIndex((line) => line.startsWith('failed: ')))).toEqual([
      "failed: test/unit/file-1.test.ts > finds: expected [ 'a fault' ] to deeply equal []",
      ...['  - []', '  + [', '  +   "a fault",', '  + ]'],
      ...['skipped: none', '1 passed, 1 failed'],
    ]);
  });

  it('says before it how many were skipped, by reason', async () => {
    const named =
      "describe.skip('on a disk (needs root, to mount it)', () => { it('a', () => {}); it('b', () => {}); });";
    const noted = "it('c', (context) => context.skip('needs a clock'));";
    const { lines } = await output(PASSES, named, noted + "it.skip('d', () => {});");
    expect(lines.at(-2)).toBe('skipped: 2 needs root, 1 needs a clock, 1 for other reasons');
  });
});
