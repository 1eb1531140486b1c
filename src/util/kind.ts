/** What a value is, for an error message. It never shows the value itself, which may be a secret. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'undefined';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (typeof value !== 'object') return `a ${typeof value}`;
  const name = (value as { readonly constructor?: { readonly name?: unknown } }).constructor?.name;
  if (name === 'Promise') return 'a Promise: is an await missing?';
  return typeof name !== 'string' || name === '' || name === 'Object' ? 'an object' : `an object of the class ${name}`;
}
