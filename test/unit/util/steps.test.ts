import { expect, test } from 'vitest';

import { ask, later, run, runSync, type Steps } from '../../../src/util/steps.js';

function* twice(call: () => number | Promise<number>): Steps<number> {
  return (yield* later(call)) + (yield* ask(call()));
}

test('a step is the value itself, or what the promise resolves to', async () => {
  expect(runSync(twice(() => 1))).toBe(2);
  expect(await run(twice(() => 1))).toBe(2);
  expect(await run(twice(() => Promise.resolve(1)))).toBe(2);
  expect(() => runSync(twice(() => Promise.resolve(1)))).toThrow(TypeError);
});

test('a later call is made once, when it is run, and its error is thrown inside the computation that runs it', async () => {
  const calls: string[] = [];
  const failing = (error: unknown): Steps<string> =>
    later(() => {
      calls.push('called');
      if (error instanceof Error) throw error;
      return Promise.reject(new Error(String(error)));
    });
  function* caught(steps: Steps<string>): Steps<unknown> {
    try {
      return yield* steps;
    } catch (error) {
      return error;
    }
  }
  const [now, soon] = [failing(new Error('at once')), failing('soon')];
  expect(calls).toEqual([]);
  expect(runSync(caught(now))).toEqual(new Error('at once'));
  expect(await run(caught(soon))).toEqual(new Error('soon'));
  expect(calls).toEqual(['called', 'called']);
});

test('a computation that is ended while a later call is under way runs its own clean-up', () => {
  const ended: string[] = [];
  function* outer(): Steps<void> {
    try {
      yield* later(() => new Promise<void>(() => undefined));
    } finally {
      ended.push('outer');
    }
  }
  const steps = outer();
  steps.next();
  steps.return();
  expect(ended).toEqual(['outer']);
});
