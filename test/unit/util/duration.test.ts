import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { durationMs } from '../../../src/util/duration.js';
import { LockOptionError } from '../../../src/util/option-error.js';

const DAY_MS = 86_400_000;
const TEN_YEARS_MS = 3652.5 * DAY_MS;

describe('a duration', () => {
  it.each([
    [1, 1],
    [1500, 1500],
    [333.4, 333],
    [TEN_YEARS_MS, TEN_YEARS_MS],
    ['1ms', 1],
    ['250ms', 250],
    ['30s', 30_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['1d', DAY_MS],
    ['1.5h', 5_400_000],
    ['1.1h', 3_960_000],
    ['0.25s', 250],
    ['3652.5d', TEN_YEARS_MS],
  ])('given as %j is %d milliseconds', (given, ms) => {
    expect(durationMs(given, 'ttl', {})).toBe(ms);
  });

  it.each([Infinity, 'Infinity', 'never'])(
    'given as %s has no end where that is allowed, and is refused elsewhere',
    (given) => {
      expect(durationMs(given, 'ttl', { infinity: true })).toBe(Infinity);
      expect(() => durationMs(given, 'ttl', { zero: true })).toThrow(LockOptionError);
    },
  );

  it.each([0, '0ms', '0s', '0.0d'])('given as %j is allowed only where zero is', (given) => {
    expect(durationMs(given, 'wait', { zero: true })).toBe(0);
    expect(() => durationMs(given, 'wait', { infinity: true })).toThrow(LockOptionError);
  });

  const everything = { zero: true, infinity: true };
  it.each([
    ...[-1, -0.4, -Infinity, NaN, TEN_YEARS_MS + 1, Number.MAX_VALUE],
    ...[
      '',
      ' ',
      '30',
      '30 s',
      ' 30s',
      '30s ',
      '30s\n',
      '30S',
      '5min',
      '5 minutes',
      '1w',
      '1y',
      '1h30m',
      '-5s',
      '+5s',
      '.5s',
      '5.s',
    ],
    ...[
      '1e3ms',
      '0x10ms',
      '1_000ms',
      '1,5s',
      's',
      'ms',
      'NaN',
      'infinity',
      '-Infinity',
      'Infinitys',
      'forever',
      '٣s',
      '4000d',
    ],
    `${'9'.repeat(400)}d`,
  ])('given as %j is refused', (given) => {
    expect(() => durationMs(given, 'ttl', everything)).toThrow(LockOptionError);
  });

  it.each([
    undefined,
    null,
    true,
    5n,
    [5],
    ['5s'],
    {},
    Object.create(null),
    Symbol('5s'),
    new Date(5),
    new String('5s'),
  ])('given as another type (%#) is refused with the same error', (given) => {
    expect(() => durationMs(given as string, 'ttl', everything)).toThrow(LockOptionError);
  });

  it('is refused with a message that says which option, what was given and what was expected', () => {
    const refusal = (given: string | number, bounds: object): unknown => {
      try {
        return durationMs(given, 'grace', bounds);
      } catch (error) {
        return error;
      }
    };
    expect(refusal('5 parsecs', {})).toMatchObject({
      code: 'ERR_LOCK_OPTION',
      message:
        "grace must be milliseconds or text like '250ms', '30s', '5m', '2h' or '1d', from 1 ms to 10 years; got '5 parsecs'",
    });
    expect(refusal(-1, { zero: true, infinity: true })).toMatchObject({
      message: expect.stringMatching(/from 0 to 10 years, or Infinity or 'never'; got -1$/) as string,
    });
    expect(refusal(`\u001b[2J${'x'.repeat(10_000)}`, {})).toMatchObject({
      message: expect.stringMatching(/^[\x20-\x7e]{1,300}$/) as string,
    });
  });

  const bounds = fc.record({ zero: fc.boolean(), infinity: fc.boolean() });
  const digits = fc.stringMatching(/^\d{0,20}(\.\d{0,5})?$/);
  const almost = fc
    .tuple(digits, fc.constantFrom('ms', 's', 'm', 'h', 'd', '', 'ss', ' s'))
    .map((parts) => parts.join(''));

  it('is never negative, never NaN, and zero or endless only where that is allowed', () => {
    const anything = fc.oneof(fc.double(), fc.integer(), fc.string(), almost, fc.anything());
    fc.assert(
      fc.property(anything, bounds, (given, allowed) => {
        let ms: number;
        try {
          ms = durationMs(given as string, 'ttl', allowed);
        } catch (error) {
          return error instanceof LockOptionError;
        }
        if (ms === Infinity) return allowed.infinity;
        return Number.isInteger(ms) && ms >= (allowed.zero ? 0 : 1) && ms <= TEN_YEARS_MS;
      }),
      { numRuns: 5000 },
    );
  });

  it('means the same as text in milliseconds as it does as a number', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: TEN_YEARS_MS }), (ms) => {
        expect(durationMs(`${ms}ms`, 'ttl', {})).toBe(durationMs(ms, 'ttl', {}));
      }),
    );
  });
});
