/** How many results are kept: enough for the few texts that a program uses again and again. */
const MOST = 256;

/**
 * The same as `compute`, which has to be a pure function, with its last results in memory. A call that throws is computed again the
 * next time.
 */
export function remembering<T extends object | string | number>(compute: (text: string) => T): (text: string) => T {
  const results = new Map<string, T>();
  return (text) => {
    const known = results.get(text);
    if (known !== undefined) return known;
    const result = compute(text);
    if (results.size >= MOST) results.clear();
    results.set(text, result);
    return result;
  };
}
