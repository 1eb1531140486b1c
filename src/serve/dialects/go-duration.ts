const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** A duration as Go writes it, such as `1h30m`, in milliseconds. Undefined: it is none. */
export function goDurationMs(text: string): number | undefined {
  const [, sign, rest = ''] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  if (rest === '0') return 0;
  if (!/^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(rest)) return undefined;
  let ms = 0;
  for (const [, amount, unit = ''] of rest.matchAll(/([\d.]+)([^\d.]+)/g))
    ms += Number(amount) * (UNIT_MS[unit] ?? NaN);
  return sign === '-' ? -ms : ms;
}
