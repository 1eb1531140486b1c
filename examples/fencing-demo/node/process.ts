function hrtime(): [number, number] {
  const ns = hrtime.bigint();
  return [Number(ns / 1_000_000_000n), Number(ns % 1_000_000_000n)];
}
hrtime.bigint = (): bigint => BigInt(Math.round(performance.now() * 1e6));

/** Node's `process`, as far as the library uses it with files in memory. */
export const process = {
  pid: host.pid,
  platform: 'browser',
  env: {},
  versions: {},
  hrtime,
  cwd: (): string => '/',
  on: (): void => undefined,
  off: (): void => undefined,
  emitWarning: (message: string): void => console.warn(message),
};
