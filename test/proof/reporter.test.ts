import { describe, expect, it } from 'vitest';

import { PASSES, run, useProject } from '../support/closing-lines.js';

useProject();

describe('the closing line of a test run', () => {
  it.each([
    ['a file that cannot be loaded', "import './absent.js';", '1 passed, 1 failed'],
    ['a file without a test', '', '1 passed, 1 failed'],
    ['a hook that throws', `beforeAll(() => { throw new Error('on purpose'); }); ${PASSES}`, '1 passed, 1 failed'],
    [
      'a hook of a group',
      `describe('it', () => { beforeAll(() => { throw new Error('no'); }); ${PASSES} });`,
      '1 passed, 1 failed',
    ],
    ['a clean-up that throws', `afterAll(() => { throw new Error('on purpose'); }); ${PASSES}`, '2 passed, 1 failed'],
    ['an unhandled rejection', `void Promise.reject(new Error('on purpose')); ${PASSES}`, '2 passed, 1 failed'],
  ])('counts %s as failed', async (_, code, lastLine) => {
    expect(await run(PASSES, code)).toEqual({ code: 1, lastLine });
  });

  it('takes a run of nothing but skipped tests for a failure', async () => {
    expect(await run("it.skip('is skipped', () => {});")).toEqual({ code: 1, lastLine: '0 passed, 1 failed' });
  });
});
